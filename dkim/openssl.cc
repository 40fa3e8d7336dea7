#include "dkim/openssl.h"

#include "base/check.h"

#include <openssl/err.h>

namespace signpost::dkim {

Error openssl_error(Errc code, std::string_view what) {
  std::string detail(what);
  while (const unsigned long number = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(number, text, sizeof text);
    detail.append(": ").append(text);
  }
  return {code, std::move(detail)};
}

const EVP_MD* sha256() {
  static const EVP_MD* const method = [] {
    EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    CHECK(fetched != nullptr);  // without SHA-256 there is no DKIM
    return fetched;
  }();
  return method;
}

Sha256::Sha256() {
  thread_local const DigestContext kept(EVP_MD_CTX_new());
  context_ = kept.get();
  CHECK(context_ != nullptr);
  CHECK(EVP_DigestInit_ex2(context_, sha256(), nullptr) == 1);
}

void Sha256::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

Sha256::Digest Sha256::finish() {
  Digest digest;
  unsigned size = 0;
  CHECK(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

}  // namespace signpost::dkim
