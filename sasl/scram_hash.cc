#include "sasl/scram_hash.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace signpost::sasl {

namespace {

using Octets = std::array<unsigned char, EVP_MAX_MD_SIZE>;

const EVP_MD* digest_of(ScramHash hash) {
  return hash == ScramHash::Sha1 ? EVP_sha1() : EVP_sha256();
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const Octets& made, unsigned size) {
  return {reinterpret_cast<const char*>(made.data()), size};
}

}  // namespace

std::string hash(ScramHash hash, std::string_view text) {
  Octets made{};
  unsigned size = 0;
  CHECK(EVP_Digest(text.data(), text.size(), made.data(), &size, digest_of(hash), nullptr) == 1);
  return text_of(made, size);
}

std::string hmac(ScramHash hash, std::string_view key, std::string_view text) {
  Octets made{};
  unsigned size = 0;
  CHECK(HMAC(digest_of(hash), key.data(), static_cast<int>(key.size()), octets(text), text.size(),
             made.data(), &size) != nullptr);
  return text_of(made, size);
}

SecretString salted_password(ScramHash hash, std::string_view password, std::string_view salt,
                             std::uint32_t iterations) {
  const EVP_MD* const digest = digest_of(hash);
  SecretString salted = SecretString::of_size(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations), digest,
                          static_cast<int>(salted.octets().size()),
                          reinterpret_cast<unsigned char*>(salted.octets().data())) == 1);
  return salted;
}

std::string client_key(ScramHash hash, std::string_view salted) {
  return hmac(hash, salted, "Client Key");
}

std::string server_key(ScramHash hash, std::string_view salted) {
  return hmac(hash, salted, "Server Key");
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace signpost::sasl
