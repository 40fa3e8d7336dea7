// OpenSSL's error queue as text. Internal to net/.
#pragma once

#include <string>

namespace signpost::net {

// Empties this thread's queue and returns its reasons, "wrong version number; …"; `otherwise` if
// the queue is empty.
std::string take_openssl_errors(const char* otherwise);

}  // namespace signpost::net
