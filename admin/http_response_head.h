// The head of a response as it goes to the client. Pure.
#pragma once

#include "admin/http_message.h"
#include "base/clock.h"

#include <string>

namespace signpost::admin {

// Whether the connection is kept: HTTP/1.1 does so unless told otherwise, HTTP/1.0 only on request.
enum class Persistence { Kept, KeptAsToldHttp10, Closed };

// With the empty line. Length and fields are those of `response`, also when the body is not sent.
std::string response_head(const HttpResponse& response, Persistence persistence, SystemTime now);

}  // namespace signpost::admin
