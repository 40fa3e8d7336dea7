// What commands know about the terminal that they print to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::commands {

// Of standard output, in columns: what COLUMNS says, else the terminal itself. 0: it is not one,
// and the reader wants whole lines.
std::size_t output_width();

// How far a long command has come, on standard error: one line that is rewritten, and
// gone at the end. Nothing if that is not a terminal.
class Progress {
 public:
  ~Progress();
  void show(std::string_view text);

 private:
  bool shown_ = false;
};

// How many columns `text` takes: none for combining marks, two for the wide characters of East
// Asia.
std::size_t columns_of(std::string_view text);
// As much of `text` as fits into `columns`; "…" marks what is missing. REQUIRES: columns > 0
std::string cut_to_columns(const std::string& text, std::size_t columns);

}  // namespace signpost::commands
