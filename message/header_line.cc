#include "message/header_line.h"

#include "base/ascii.h"

namespace signpost::message {

namespace {

// RFC 5322 section 3.6.8. RFC 6532 lets UTF-8 into values only, never into names.
constexpr bool is_name_char(char c) { return c > ' ' && c < 0x7f && c != ':'; }

}  // namespace

std::size_t field_name_length(std::string_view line) {
  std::size_t name = 0;
  while (name < line.size() && is_name_char(line[name])) ++name;
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
