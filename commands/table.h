// Columns for the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace signpost::commands {

// Aligned by the widest cell; nothing is cut off. Cells are made printable: a peer's reply must not
// control the operator's terminal.
class Table {
 public:
  enum class Align { Left, Right };
  struct Column {
    std::string title;
    Align align = Align::Left;
  };

  explicit Table(std::vector<Column> columns);
  void add(std::vector<std::string> cells);  // REQUIRES: one for each column
  bool empty() const { return rows_.empty(); }
  // The rows since the last call, below the titles the first time. Columns never become narrower,
  // so that a long listing can be printed page by page.
  std::string take();

 private:
  std::string line(const std::vector<std::string>& cells) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
  bool titled_ = false;
};

// "2026-03-01T12:00:00Z" in the local time zone, "2026-03-01T13:00:00+01:00"; other text as it is.
std::string local_time(const std::string& utc);

}  // namespace signpost::commands
