#include "net/public_key_hash.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace signpost::net {

namespace {

struct Free {
  void operator()(unsigned char* octets) const noexcept { OPENSSL_free(octets); }
};

}  // namespace

std::string public_key_hash(const Certificate& certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.own()), &encoded);
  const std::unique_ptr<unsigned char, Free> owned(encoded);
  CHECK(size > 0);  // it was parsed from this encoding
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(encoded, static_cast<std::size_t>(size), hash.data());
  std::string text;
  for (const unsigned char octet : hash) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[octet >> 4];
    text += kDigits[octet & 0x0F];
  }
  return text;
}

}  // namespace signpost::net
