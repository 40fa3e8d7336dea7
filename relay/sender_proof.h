// Whether a login could only send with addresses that are its own.
#pragma once

#include "relay/settings.h"

#include <string_view>

namespace signpost::relay {

// users.toml binds it, by senders or by its tenant: then the reverse-path of its mail was one of
// these. A login that may use any address, or that users.toml does not have (an account at a unix
// socket, a Dovecot's), may have used somebody else's. "": no login.
bool proves_sender(const Settings& settings, std::string_view login);

}  // namespace signpost::relay
