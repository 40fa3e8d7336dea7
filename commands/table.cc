#include "commands/table.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/utc.h"
#include "commands/terminal.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace signpost::commands {

namespace {

constexpr std::size_t kGap = 2;

// "" if it is not a time.
std::string in_local_time(const std::string& utc, const char* format) {
  const auto time = parse_utc(utc);
  if (!time) return "";
  const time_t seconds = std::chrono::system_clock::to_time_t(*time);
  tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return "";
  std::array<char, 40> text{};
  const std::size_t size = strftime(text.data(), text.size(), format, &local);
  return {text.data(), size};
}

}  // namespace

Table::Table(std::vector<Column> columns, std::size_t width)
    : columns_(std::move(columns)), width_(width) {
  for (const Column& column : columns_) {
    const std::size_t title = columns_of(column.title);
    widths_.push_back({title, title, false});
  }
}

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = ascii::printable(cells[i], std::numeric_limits<std::size_t>::max());
    if (cells[i].empty()) cells[i] = "-";
    widths_[i].natural = std::max(widths_[i].natural, columns_of(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::size_t Table::least(std::size_t column) const {
  const Width& width = widths_[column];
  if (width.left_out) return 0;
  return columns_[column].fit == Fit::Cut ? std::min(width.natural, columns_[column].least)
                                          : width.natural;
}

std::size_t Table::least_of_all() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!widths_[i].left_out) sum += least(i) + (sum > 0 ? kGap : 0);
  }
  return sum;
}

void Table::leave_out() {
  for (std::size_t i = 0; i < columns_.size() && least_of_all() > width_; ++i) {
    widths_[i].left_out = columns_[i].fit == Fit::Spare;
  }
  for (std::size_t i = columns_.size(); i-- > 0 && least_of_all() > width_;) {
    if (columns_[i].may_go) widths_[i].left_out = true;
  }
}

// The last column has what the others leave, on each page anew: nothing is aligned behind it.
void Table::fit() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const bool whole = width_ == 0 || columns_[i].fit != Fit::Cut;
    if (whole) widths_[i].printed = std::max(widths_[i].printed, widths_[i].natural);
  }
  if (width_ == 0) return;
  if (!titled_) share_out();
  if (columns_.back().fit != Fit::Cut) return;
  std::size_t used = 0;
  for (std::size_t i = 0; i + 1 < columns_.size(); ++i) {
    if (!widths_[i].left_out) used += widths_[i].printed + kGap;
  }
  widths_.back().printed = std::max(columns_.back().least, used < width_ ? width_ - used : 0);
}

// What the columns that are not cut leave is for the others: for the widest of them as much as the
// rest does not need.
void Table::share_out() {
  const std::size_t used = least_of_all();
  std::size_t spare = used < width_ ? width_ - used : 0;
  std::vector<std::size_t> cut;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].fit == Fit::Cut && !widths_[i].left_out) cut.push_back(i);
  }
  std::ranges::sort(cut, {}, [&](std::size_t i) { return widths_[i].natural; });
  for (std::size_t left = cut.size(); left > 0; --left) {
    const std::size_t column = cut[cut.size() - left];
    Width& width = widths_[column];
    const std::size_t least_width = std::min(width.natural, columns_[column].least);
    const std::size_t more = std::min(width.natural - least_width, spare / left);
    width.printed = least_width + more;
    spare -= more;
  }
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (widths_[i].left_out) continue;
    const std::string cell = cut_to_columns(cells[i], widths_[i].printed);
    const std::string blanks(widths_[i].printed - columns_of(cell), ' ');
    if (!text.empty()) text.append(kGap, ' ');
    text += columns_[i].align == Align::Left ? cell + blanks : blanks + cell;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Table::take() {
  std::string text;
  if (!titled_ && !rows_.empty()) {
    if (width_ != 0) leave_out();
    fit();
    std::vector<std::string> titles;
    titles.reserve(columns_.size());
    for (const Column& column : columns_) titles.push_back(column.title);
    text += line(titles);
    titled_ = true;
  }
  fit();
  for (const auto& row : rows_) text += line(row);
  rows_.clear();
  return text;
}

std::string local_time(const std::string& utc) {
  std::string text = in_local_time(utc, "%Y-%m-%dT%H:%M:%S%z");
  if (text.empty()) return utc;
  // "+0100" is ISO 8601's basic form; in the extended one it has a colon.
  if (text.size() > 2) text.insert(text.size() - 2, ":");
  return text;
}

std::string short_local_time(const std::string& utc) {
  std::string text = in_local_time(utc, "%m-%d %H:%M");
  return text.empty() ? utc : text;
}

std::string journal_time(const std::string& utc) {
  std::string text = in_local_time(utc, "%Y-%m-%d %H:%M:%S");
  return text.empty() ? utc : text;
}

}  // namespace signpost::commands
