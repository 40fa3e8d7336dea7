#include "tests/support/token_issuer.h"

#include "base/base64.h"
#include "base/check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace signpost::test {

namespace {

using jwt::KeyKind;
using Key = std::shared_ptr<EVP_PKEY>;

Key made(KeyKind kind, unsigned bits) {
  EVP_PKEY* key = nullptr;
  switch (kind) {
    case KeyKind::Rsa:
      key = EVP_RSA_gen(bits);
      break;
    case KeyKind::P256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyKind::P384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyKind::P521:
      key = EVP_EC_gen("P-521");
      break;
    case KeyKind::Ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  CHECK(key != nullptr);
  return {key, [](EVP_PKEY* old) { EVP_PKEY_free(old); }};
}

std::size_t coordinate_of(KeyKind kind) {
  return kind == KeyKind::P256 ? 32 : kind == KeyKind::P384 ? 48 : 66;
}

// The number, at least `size` octets long.
std::string number(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* value = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  std::string octets(std::max(size, static_cast<std::size_t>(BN_num_bytes(value))), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(octets.data()),
               static_cast<int>(octets.size()));
  BN_free(value);
  return octets;
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm.ends_with("256")) return EVP_sha256();
  if (algorithm.ends_with("384")) return EVP_sha384();
  return algorithm.ends_with("512") ? EVP_sha512() : nullptr;
}

// The two numbers of OpenSSL's form, one after the other.
std::string numbers_of(const std::string& der, std::size_t size) {
  const auto* octets = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &octets, static_cast<long>(der.size()));
  CHECK(both != nullptr);
  std::string text(2 * size, '\0');
  auto* to = reinterpret_cast<unsigned char*>(text.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(both), to, static_cast<int>(size));
  BN_bn2binpad(ECDSA_SIG_get0_s(both), to + size, static_cast<int>(size));
  ECDSA_SIG_free(both);
  return text;
}

}  // namespace

std::string encode_url(std::string_view bytes) {
  std::string text = base64::encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.resize(text.find_last_not_of('=') + 1);
  return text;
}

std::string key_set(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) {
    if (text.back() != '[') text += ',';
    text += key;
  }
  return text + "]}";
}

TokenIssuer::TokenIssuer(KeyKind kind, std::string id, unsigned rsa_bits)
    : kind_(kind), id_(std::move(id)), key_(made(kind, rsa_bits)) {}

std::string TokenIssuer::key(std::string_view more) const {
  std::string text = R"({"kid":")" + id_ + R"(",)";
  if (kind_ == KeyKind::Rsa) {
    text += R"("kty":"RSA","n":")" + encode_url(number(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0));
    text += R"(","e":")" + encode_url(number(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0));
  } else if (kind_ == KeyKind::Ed25519) {
    std::string octets(32, '\0');
    std::size_t size = octets.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(octets.data()), &size);
    text += R"("kty":"OKP","crv":"Ed25519","x":")" + encode_url(octets);
  } else {
    const std::size_t size = coordinate_of(kind_);
    text += R"("kty":"EC","crv":"P-)" + std::to_string(kind_ == KeyKind::P521 ? 521 : 8 * size);
    text += R"(","x":")" + encode_url(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size));
    text += R"(","y":")" + encode_url(number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size));
  }
  return text + '"' + std::string(more) + '}';
}

std::string TokenIssuer::signature(std::string_view algorithm, std::string_view text) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* of_key = nullptr;
  CHECK(EVP_DigestSignInit(context, &of_key, digest_of(algorithm), nullptr, key_.get()) == 1);
  if (algorithm.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context, nullptr, &size, octets, text.size()) == 1);
  std::string made(size, '\0');
  CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(made.data()), &size, octets,
                       text.size()) == 1);
  made.resize(size);
  EVP_MD_CTX_free(context);
  return algorithm.starts_with("ES") ? numbers_of(made, coordinate_of(kind_)) : made;
}

std::string TokenIssuer::sign(std::string_view algorithm, std::string_view header,
                              std::string_view claims) const {
  const std::string text = encode_url(header) + "." + encode_url(claims);
  return text + "." + encode_url(signature(algorithm, text));
}

std::string TokenIssuer::sign(std::string_view algorithm, std::string_view claims) const {
  std::string header = R"({"alg":")";
  header.append(algorithm).append(R"(","typ":"JWT","kid":")").append(id_).append("\"}");
  return sign(algorithm, header, claims);
}

}  // namespace signpost::test
