// The target of a request line, taken apart. Pure.
#pragma once

#include "admin/http_message.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::admin {

struct RequestTarget {
  std::string path;
  HttpRequest::Pairs query;
  // Of the absolute form, "http://authority/path" (RFC 9112 section 3.2.2): it counts instead of
  // the Host field.
  std::optional<std::string> authority;
};

// "/a%20b?to=x%40y&all" is the path "/a b" with the parameters to = "x@y" and all = "". "+" means
// a blank in the query only. A "%" without two hexadecimal digits is itself.
RequestTarget parse_request_target(std::string_view text);

}  // namespace signpost::admin
