// Who asked, in words for the log.
#pragma once

#include "admin/http_message.h"

#include <string>

namespace signpost::admin {

// "root, uid 0, pid 4711", or "192.0.2.1:51234". May block: the account's name is looked up.
std::string caller_text(const HttpPeer& peer);

}  // namespace signpost::admin
