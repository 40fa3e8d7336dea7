// Which relay this is: for check, which has to tell it from another one.
#pragma once

#include "admin/http_message.h"
#include "admin/services.h"

namespace signpost::admin {

HttpResponse show_relay(const Services& services);

}  // namespace signpost::admin
