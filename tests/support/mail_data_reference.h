// What smtp/mail_data.h says, octet by octet: too slow for mail, plain enough to be trusted. The
// unit test and the fuzz target compare the real decoder and stuffer with it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::smtp {

struct DecodedMailData {
  std::string content;
  std::string rest;  // what was not taken
  bool at_end = false;
  bool bare_lf = false;
  bool bare_cr = false;
  bool nul = false;
  std::size_t longest_line = 0;

  friend bool operator==(const DecodedMailData&, const DecodedMailData&) = default;
};

inline DecodedMailData reference_decoded(std::string_view input) {
  DecodedMailData result;
  std::size_t line = 0;
  bool start = true;  // of a line that a real CRLF (or DATA) began
  std::size_t i = 0;
  const auto left = [&](std::size_t n) { return input.size() - i == n; };
  while (i < input.size()) {
    const char c = input[i];
    if (start && c == '.') {
      if (left(1) || (left(2) && input[i + 1] == '\r')) break;
      if (input.substr(i, 3) == ".\r\n") {
        result.at_end = true;
        i += 3;
        break;
      }
      start = false;
      ++i;
      continue;
    }
    if (c == '\r' && left(1)) break;
    if (c == '\n' || (c == '\r' && input[i + 1] == '\n')) {
      if (c == '\n') result.bare_lf = true;
      result.content += "\r\n";
      start = c == '\r';
      i += c == '\r' ? 2 : 1;
      line = 0;
      continue;
    }
    start = false;
    ++i;
    if (c == '\r') {
      result.bare_cr = true;
    } else if (c == '\0') {
      result.nul = true;
    } else {
      result.content += c;
      result.longest_line = std::max(result.longest_line, ++line);
    }
  }
  result.rest = input.substr(i);
  return result;
}

inline std::string reference_stuffed(std::string_view content) {
  std::string data;
  bool start = true;
  for (const char c : content) {
    if (start && c == '.') data += '.';
    data += c;
    start = c == '\n';
  }
  if (!content.empty() && !content.ends_with("\r\n")) data += "\r\n";
  return data + ".\r\n";
}

}  // namespace signpost::smtp
