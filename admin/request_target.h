// The target of a request line, taken apart. Pure.
#pragma once

#include "admin/http_message.h"

#include <string>
#include <string_view>

namespace signpost::admin {

struct RequestTarget {
  std::string path;
  HttpRequest::Pairs query;
};

// "/a%20b?to=x%40y&all" is the path "/a b" with the parameters to = "x@y" and all = "". "+" means
// a blank in the query only. A "%" without two hexadecimal digits is itself.
RequestTarget parse_request_target(std::string_view text);

}  // namespace signpost::admin
