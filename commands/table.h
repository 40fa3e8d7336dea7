// Columns for the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace signpost::commands {

// Aligned by the widest cell, and fitted into a width where one is given. Cells are made printable:
// a peer's reply must not control the operator's terminal.
class Table {
 public:
  enum class Align { Left, Right };
  // What becomes of a column where all of them do not fit.
  enum class Fit {
    Whole,  // stays as it is
    Cut,    // cells lose their ends
    Spare,  // goes as a whole, the first one first
  };
  struct Column {
    std::string title;
    Align align = Align::Left;
    Fit fit = Fit::Whole;
    std::size_t least = 10;  // columns of the terminal that cells keep when they are cut
    bool may_go = false;     // as a whole, after the spare ones, the last one first
  };

  // `width` in columns of the terminal; 0: nothing is cut off.
  explicit Table(std::vector<Column> columns, std::size_t width = 0);
  void add(std::vector<std::string> cells);  // REQUIRES: one for each column
  bool empty() const { return rows_.empty(); }
  // The rows since the last call, below the titles the first time. Which columns are left is
  // decided then, and they never become narrower, so that a long listing can be printed page by
  // page.
  std::string take();

 private:
  struct Width {
    std::size_t natural = 0;
    std::size_t printed = 0;
    bool left_out = false;
  };
  std::string line(const std::vector<std::string>& cells) const;
  std::size_t least(std::size_t column) const;
  std::size_t least_of_all() const;
  void leave_out();
  void fit();
  void share_out();

  std::vector<Column> columns_;
  std::vector<Width> widths_;
  const std::size_t width_;
  std::vector<std::vector<std::string>> rows_;
  bool titled_ = false;
};

// "2026-03-01T12:00:00Z" in the local time zone, "2026-03-01T13:00:00+01:00"; other text as it is.
std::string local_time(const std::string& utc);
// The same for a terminal, which is narrow: "03-01 13:00".
std::string short_local_time(const std::string& utc);
// As journalctl reads it: "2026-03-01 13:00:00".
std::string journal_time(const std::string& utc);

}  // namespace signpost::commands
