// Signatures of JSON Web Algorithms (RFC 7518 section 3, RFC 8037), verified.
#pragma once

#include "jwt/key_set.h"

#include <string_view>

namespace signpost::jwt {

// Whether `algorithm`, a JWS "alg", is one that this key may be used with: by the key's kind, and
// by what the key says itself. Never "none", and never HMAC, whose secret an attacker would take
// from the public key (RFC 8725 sections 2.1 and 3.1).
bool may_be_used(const PublicKey& key, std::string_view algorithm);

// Whether any key could be used with `algorithm`.
bool is_known_algorithm(std::string_view algorithm);

// REQUIRES: may_be_used(). Any thread. Tens of microseconds, up to a millisecond for P-384 and
// P-521.
bool is_signature(const PublicKey& key, std::string_view algorithm, std::string_view text,
                  std::string_view signature);

}  // namespace signpost::jwt
