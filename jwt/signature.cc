#include "jwt/signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace signpost::jwt {

namespace {

struct Algorithm {
  std::string_view name;
  KeyKind kind;
  const EVP_MD* (*digest)();  // null: the signature has its own
  bool pss = false;
  std::size_t number = 0;  // octets of each of the two numbers of an ECDSA signature
};
constexpr Algorithm kAlgorithms[] = {
    {"RS256", KeyKind::Rsa, EVP_sha256},
    {"RS384", KeyKind::Rsa, EVP_sha384},
    {"RS512", KeyKind::Rsa, EVP_sha512},
    {"PS256", KeyKind::Rsa, EVP_sha256, true},
    {"PS384", KeyKind::Rsa, EVP_sha384, true},
    {"PS512", KeyKind::Rsa, EVP_sha512, true},
    {"ES256", KeyKind::P256, EVP_sha256, false, 32},
    {"ES384", KeyKind::P384, EVP_sha384, false, 48},
    {"ES512", KeyKind::P521, EVP_sha512, false, 66},
    {"EdDSA", KeyKind::Ed25519, nullptr},
    {"Ed25519", KeyKind::Ed25519, nullptr},  // RFC 9864's name for it
};

const Algorithm* find(std::string_view name) {
  const auto* const found = std::ranges::find(kAlgorithms, name, &Algorithm::name);
  return found == std::end(kAlgorithms) ? nullptr : found;
}

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// OpenSSL's form of the two numbers that JWS writes one after the other (RFC 7518 section 3.4); ""
// if they have another size.
std::string der_of(std::string_view numbers, std::size_t size) {
  if (numbers.size() != 2 * size) return "";
  const std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>> both(ECDSA_SIG_new());
  const int length = static_cast<int>(size);
  BIGNUM* const r = BN_bin2bn(octets_of(numbers), length, nullptr);
  BIGNUM* const s = BN_bin2bn(octets_of(numbers.substr(size)), length, nullptr);
  if (!both || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  std::string der(static_cast<std::size_t>(std::max(0, i2d_ECDSA_SIG(both.get(), nullptr))), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  (void)i2d_ECDSA_SIG(both.get(), &out);  // of the size that it has just named
  return der;
}

bool verify(const PublicKey& key, const Algorithm& algorithm, std::string_view text,
            std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* of_key = nullptr;
  const EVP_MD* const digest = algorithm.digest == nullptr ? nullptr : algorithm.digest();
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &of_key, digest, nullptr, key.key.get()) != 1) {
    return false;
  }
  if (algorithm.pss && (EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) != 1 ||
                        EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  const std::string der = algorithm.number == 0 ? "" : der_of(signature, algorithm.number);
  if (algorithm.number != 0) signature = der;
  return EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(text),
                          text.size()) == 1;
}

}  // namespace

bool is_known_algorithm(std::string_view algorithm) { return find(algorithm) != nullptr; }

bool may_be_used(const PublicKey& key, std::string_view algorithm) {
  const Algorithm* const found = find(algorithm);
  return found != nullptr && found->kind == key.kind &&
         (key.algorithm.empty() || key.algorithm == algorithm);
}

bool is_signature(const PublicKey& key, std::string_view algorithm, std::string_view text,
                  std::string_view signature) {
  const Algorithm* const found = find(algorithm);
  if (found == nullptr || found->kind != key.kind || signature.empty()) return false;
  ERR_clear_error();
  const bool right = verify(key, *found, text, signature);
  ERR_clear_error();
  return right;
}

}  // namespace signpost::jwt
