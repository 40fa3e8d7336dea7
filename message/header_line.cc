#include "message/header_line.h"

#include "base/ascii.h"

#include <array>

namespace signpost::message {

namespace {

// RFC 5322 section 3.6.8. RFC 6532 lets UTF-8 into values only, never into names.
constexpr auto kNameChars = [] {
  std::array<bool, 256> chars{};
  for (std::size_t c = '!'; c <= '~'; ++c) chars[c] = c != ':';
  return chars;
}();

}  // namespace

std::size_t field_name_length(std::string_view line) {
  std::size_t name = 0;
  while (name < line.size() && kNameChars[static_cast<unsigned char>(line[name])]) ++name;
  std::size_t colon = name;
  while (colon < line.size() && ascii::is_wsp(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? name : 0;
}

LineKind line_kind(std::string_view line) {
  if (line.empty()) return LineKind::Blank;
  if (ascii::is_wsp(line.front())) return LineKind::Fold;
  return field_name_length(line) != 0 ? LineKind::Field : LineKind::Other;
}

}  // namespace signpost::message
