#include "admin/request_target.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::string_view kScheme = "http://";

std::string decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    unsigned char octet = 0;
    if (text.front() == '%' && text.size() >= 3 &&
        std::from_chars(text.data() + 1, text.data() + 3, octet, 16).ptr == text.data() + 3) {
      result += static_cast<char>(octet);
      text.remove_prefix(3);
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

std::string decoded_parameter(std::string text) {
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  return decoded(text);
}

// The text before the first `end`; both are removed from `text`.
std::string_view take_until(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(taken.size() < text.size() ? taken.size() + 1 : taken.size());
  return taken;
}

}  // namespace

RequestTarget parse_request_target(std::string_view text) {
  RequestTarget target;
  if (ascii::starts_with_ignore_case(text, kScheme)) {
    text.remove_prefix(kScheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
    // An empty path is that of the root (RFC 9110 section 4.2.3).
    if (!text.starts_with('/')) target.path = "/";
  }
  target.path += decoded(take_until(text, '?'));
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    if (value.empty()) continue;
    std::string name = decoded_parameter(std::string(take_until(value, '=')));
    target.query.emplace_back(std::move(name), decoded_parameter(std::string(value)));
  }
  return target;
}

}  // namespace signpost::admin
