// OpenSSL's error queue as text. Internal to net/.
#pragma once

#include <string>

namespace signpost::net {

// Empties this thread's queue: "wrong version number; …". `otherwise` if it was empty.
std::string take_openssl_errors(const char* otherwise);

}  // namespace signpost::net
