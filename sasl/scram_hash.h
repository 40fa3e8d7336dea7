// The functions that SCRAM is made of (RFC 5802 section 3), for the two hashes that it is used
// with: SHA-1 (RFC 5802) and SHA-256 (RFC 7677). Pure; any thread. Results are octets.
#pragma once

#include "base/secret_string.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::sasl {

enum class ScramHash : std::uint8_t { Sha1, Sha256 };

std::string hash(ScramHash hash, std::string_view text);
std::string hmac(ScramHash hash, std::string_view key, std::string_view text);
// SaltedPassword. Deliberately slow: some 0.5 microseconds an iteration. `password` is prepared
// (smtp/saslprep.h).
SecretString salted_password(ScramHash hash, std::string_view password, std::string_view salt,
                             std::uint32_t iterations);

// What is derived from it: the client proves the first, the server keeps its hash, and proves the
// second.
std::string client_key(ScramHash hash, std::string_view salted);
std::string server_key(ScramHash hash, std::string_view salted);

// Takes the same time wherever they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace signpost::sasl
