#include "admin/request_target.h"

#include <charconv>
#include <utility>

namespace signpost::admin {

namespace {

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
  target.path = decoded(take_until(text, '?'));
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    if (value.empty()) continue;
    std::string name = decoded_parameter(std::string(take_until(value, '=')));
    target.query.emplace_back(std::move(name), decoded_parameter(std::string(value)));
  }
  return target;
}

}  // namespace signpost::admin
