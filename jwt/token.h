// JSON Web Tokens (RFC 7519) in their compact form, signed (RFC 7515), judged by the practice of
// RFC 8725: whose login a bearer proves.
#pragma once

#include "base/clock.h"
#include "jwt/key_set.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace signpost::jwt {

// What a token must be. Texts are compared octet by octet.
struct Expectation {
  std::string issuer;       // "iss"
  std::string audience;     // "aud", or one of them
  std::string scope{};      // one of the words of "scope" or "scp"; "": not asked for
  std::string login_claim;  // names the claim whose text is the login
};

// Why a token is worth nothing. From Expired on it is genuine: the issuer signed it, for this
// audience, and whoever has it did not guess it.
enum class Fault : std::uint8_t {
  Malformed,   // not a signed token, or a claim is missing or of another type
  Type,        // "typ" says that it is for another purpose
  Algorithm,   // "none", HMAC, or one that is not known
  UnknownKey,  // no key has its "kid"
  Signature,   // made by nobody of the issuer, or with another algorithm than the key is for
  Issuer,
  Audience,
  Expired,
  NotYetValid,
  Scope,
  NoLogin,          // the claim is missing, or no text that a login can be
  EmailUnverified,  // the login is "email", and "email_verified" is false
};
std::string_view words_of(Fault fault);  // for the log: "it has expired"
constexpr bool is_genuine(Fault fault) { return fault >= Fault::Expired; }

constexpr std::size_t kLongestToken = 16 << 10;  // octets
constexpr std::chrono::seconds kLeeway{60};      // by which clocks may differ

// The login. Pure; any thread. Nothing of the claims is read before the signature is verified.
std::expected<std::string, Fault> login_of(std::string_view token, const KeySet& keys,
                                           const Expectation& expected, SystemTime now);

}  // namespace signpost::jwt
