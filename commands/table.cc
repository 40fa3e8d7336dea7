#include "commands/table.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/utc.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace signpost::commands {

namespace {

// Characters, as far as they can be counted without knowing the terminal: octets that begin one.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(width(column.title));
}

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = ascii::printable(cells[i], std::numeric_limits<std::size_t>::max());
    if (cells[i].empty()) cells[i] = "-";
    widths_[i] = std::max(widths_[i], width(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string blanks(widths_[i] - width(cells[i]), ' ');
    if (i > 0) text += "  ";
    text += columns_[i].align == Align::Left ? cells[i] + blanks : blanks + cells[i];
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string Table::take() {
  std::string text;
  if (!titled_ && !rows_.empty()) {
    std::vector<std::string> titles;
    titles.reserve(columns_.size());
    for (const Column& column : columns_) titles.push_back(column.title);
    text += line(titles);
    titled_ = true;
  }
  for (const auto& row : rows_) text += line(row);
  rows_.clear();
  return text;
}

std::string local_time(const std::string& utc) {
  const auto time = parse_utc(utc);
  if (!time) return utc;
  const time_t seconds = std::chrono::system_clock::to_time_t(*time);
  tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return utc;
  std::array<char, 40> text{};
  const std::size_t size = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S%z", &local);
  std::string result(text.data(), size);
  // "+0100" is ISO 8601's basic form; in the extended one it has a colon.
  if (size > 2) result.insert(size - 2, ":");
  return result;
}

}  // namespace signpost::commands
