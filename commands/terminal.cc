#include "commands/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace signpost::commands {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Of Unicode's East Asian Width, "wide" and "full-width", in blocks.
constexpr std::array kWide{
    Range{0x1100, 0x115f}, Range{0x2e80, 0xa4cf},   Range{0xac00, 0xd7a3},
    Range{0xf900, 0xfaff}, Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},
    Range{0xffe0, 0xffe6}, Range{0x1f300, 0x1faff}, Range{0x20000, 0x3fffd},
};
constexpr std::array kCombining{Range{0x0300, 0x036f}, Range{0x200b, 0x200f},
                                Range{0xfe00, 0xfe0f}};

template <std::size_t Size>
bool is_in(const std::array<Range, Size>& ranges, char32_t c) {
  return std::ranges::any_of(
      ranges, [c](const Range& range) { return range.first <= c && c <= range.last; });
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The octets of the character at the front. REQUIRES: text is UTF-8, and not empty
std::string_view first_character(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && continues(text[size])) ++size;
  return text.substr(0, size);
}

std::size_t columns_of_character(std::string_view octets) {
  if (octets.size() == 1) return 1;
  char32_t c = static_cast<unsigned char>(octets.front()) & (0x7fU >> octets.size());
  for (const char octet : octets.substr(1))
    c = (c << 6) | (static_cast<unsigned char>(octet) & 0x3f);
  if (is_in(kCombining, c)) return 0;
  return is_in(kWide, c) ? 2 : 1;
}

}  // namespace

std::size_t output_width() {
  if (::isatty(STDOUT_FILENO) != 1) return 0;
  if (const char* text = std::getenv("COLUMNS"); text != nullptr) {
    const std::string_view columns(text);
    std::size_t width = 0;
    const char* const end = columns.data() + columns.size();
    if (std::from_chars(columns.data(), end, width).ptr == end && width > 0) return width;
  }
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void Progress::show(std::string_view text) {
  if (::isatty(STDERR_FILENO) != 1) return;
  shown_ = true;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(text.size()), text.data());
}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const std::string_view character = first_character(text);
    columns += columns_of_character(character);
    text.remove_prefix(character.size());
  }
  return columns;
}

std::string cut_to_columns(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::string_view rest = text;
  std::size_t left = columns - 1;  // for "…"
  for (;;) {
    const std::string_view character = first_character(rest);
    const std::size_t wanted = columns_of_character(character);
    if (wanted > left) break;
    left -= wanted;
    rest.remove_prefix(character.size());
  }
  return text.substr(0, text.size() - rest.size()) + "…";
}

}  // namespace signpost::commands
