// The public keys of an issuer of tokens: a JSON Web Key Set (RFC 7517).
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace signpost::jwt {

// What a key is decides which algorithms it may be used with (jwt/signature.h).
enum class KeyKind : std::uint8_t { Rsa, P256, P384, P521, Ed25519 };

struct PublicKey {
  std::string id;         // "kid"; "" if it has none
  std::string algorithm;  // "alg", the only one that it is for; "": each that its kind allows
  KeyKind kind = KeyKind::Rsa;
  std::shared_ptr<evp_pkey_st> key;
};

// Constant after parsing; shared by all workers.
class KeySet {
 public:
  static constexpr std::size_t kLargest = 256 << 10;  // octets of a document
  static constexpr std::size_t kMostKeys = 100;

  // Passes over the keys of kinds and uses that are not for signatures by a private key, as RFC
  // 7517 section 5 asks: secrets of HMAC ("oct") among them. Fails when no key is left, when one is
  // damaged, or too weak to prove anything; the detail continues "FILE: ".
  static Result<std::shared_ptr<const KeySet>> parse(std::string_view json);

  const std::vector<PublicKey>& keys() const { return keys_; }

 private:
  std::vector<PublicKey> keys_;
};

}  // namespace signpost::jwt
