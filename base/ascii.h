// Text handling for protocols: ASCII only, independent of the locale. Bytes above 127 are never
// letters, digits or space here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signpost::ascii {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);  // well-formed by RFC 3629: no surrogates, no overlong forms
bool starts_with_ignore_case(std::string_view text, std::string_view prefix);
inline bool equals_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with_ignore_case(a, b);
}
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);  // spaces, tabs, CR and LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);

// Text from a peer made fit for a log line, a Received field or a DSN: control bytes, and bytes
// that are not part of well-formed UTF-8, become \xHH; at most `limit` bytes of input are taken,
// a cut is marked with "...".
std::string printable(std::string_view text, std::size_t limit = 512);

}  // namespace signpost::ascii
