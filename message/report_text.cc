#include "message/report_text.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::message {

namespace {

constexpr std::size_t kWidth = 72;
constexpr std::string_view kCut = "...";

std::string escape_eight_bit(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      out += c;
    } else {
      out.append("\\x") += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

// Never splits a UTF-8 sequence.
void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  std::size_t end = limit - kCut.size();
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  text.resize(end);
  text += kCut;
}

}  // namespace

std::string clean_text(std::string_view text, bool utf8, std::size_t limit) {
  std::string line(ascii::trim(text.substr(0, std::min(text.size(), limit + 1))));
  std::ranges::replace_if(line, [](char c) { return c == '\r' || c == '\n' || c == '\t'; }, ' ');
  line = ascii::printable(line, line.size());
  if (!utf8) line = escape_eight_bit(line);
  cut(line, limit);
  return line;
}

void append_wrapped(std::string& out, std::string_view indent, std::string_view text) {
  std::size_t column = 0;
  for (const std::string_view word : ascii::split(text, ' ')) {
    if (word.empty()) continue;
    if (column > 0 && column + 1 + word.size() > kWidth) {
      out += "\r\n";
      column = 0;
    }
    out += column == 0 ? indent : " ";
    out += word;
    column += (column == 0 ? indent.size() : 1) + word.size();
  }
  if (column > 0) out += "\r\n";
}

}  // namespace signpost::message
