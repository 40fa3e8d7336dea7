// /api/v1/user: a login, its limits, and what is used of them. docs/api.md.
#pragma once

#include "admin/http_message.h"
#include "admin/services.h"

namespace signpost::admin {

// Any thread; does not block. The parameter `name` is the login's.
HttpResponse show_user(const Services& services, const HttpRequest& request);

}  // namespace signpost::admin
