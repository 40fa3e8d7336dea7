// An issuer of tokens with a key of its own, which it makes anew.
#pragma once

#include "jwt/key_set.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::test {

// base64url of RFC 7515 section 2.
std::string encode_url(std::string_view bytes);

// For a JSON Web Key Set of these.
std::string key_set(std::initializer_list<std::string> keys);

class TokenIssuer {
 public:
  TokenIssuer(jwt::KeyKind kind, std::string id, unsigned rsa_bits = 2048);

  // The public key as JSON; `more`: further members, as in R"(,"use":"sig")".
  std::string key(std::string_view more = "") const;
  // A token of these two JSON texts, signed as `algorithm` says.
  std::string sign(std::string_view algorithm, std::string_view header,
                   std::string_view claims) const;
  // The same with the usual header.
  std::string sign(std::string_view algorithm, std::string_view claims) const;
  // The octets of a signature.
  std::string signature(std::string_view algorithm, std::string_view text) const;

 private:
  const jwt::KeyKind kind_;
  const std::string id_;
  const std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace signpost::test
