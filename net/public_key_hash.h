// The hash by which the DNS vouches for a server's key.
#pragma once

#include "net/certificate.h"

#include <string>

namespace signpost::net {

// SHA-256 of the public key, in hexadecimal, as TLSA 3 1 1 publishes it (RFC 6698 section 2.1).
std::string public_key_hash(const Certificate& certificate);

}  // namespace signpost::net
