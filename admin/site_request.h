// What a request about sites asks for. Whatever is unknown or empty is refused. Pure.
#pragma once

#include "admin/http_message.h"
#include "admin/site_control.h"
#include "base/result.h"

#include <cstddef>
#include <string>

namespace signpost::admin {

// Each is InvalidArgument with a message for the client.
Result<std::size_t> read_sites_limit(const HttpRequest& request);  // the parameter limit, if any
Result<std::string> read_site_name(const HttpRequest& request);    // the parameter name
// The body is an object with name and perhaps for and reason.
Result<SiteControl::Wish> read_pause(const HttpRequest& request);
Result<std::string> read_resume(const HttpRequest& request);  // with name only

}  // namespace signpost::admin
