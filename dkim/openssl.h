// OpenSSL as this folder uses it: owners of its objects, its errors as text, SHA-256.
#pragma once

#include "base/result.h"

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::dkim {

struct OpenSslFree {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const noexcept { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
  void operator()(BIO* p) const noexcept { BIO_free(p); }
};
using PKey = std::unique_ptr<EVP_PKEY, OpenSslFree>;
using PKeyContext = std::unique_ptr<EVP_PKEY_CTX, OpenSslFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpenSslFree>;
using Bio = std::unique_ptr<BIO, OpenSslFree>;

// Empties OpenSSL's error queue of this thread into the detail.
Error openssl_error(Errc code, std::string_view what);

// Fetched once for the process: OpenSSL 3.0 looks an algorithm up again for each implicit use.
const EVP_MD* sha256();

// One SHA-256, on a context that the thread keeps: at most one at a time per thread.
class Sha256 {
 public:
  using Digest = std::array<unsigned char, 32>;
  Sha256();
  void update(std::string_view bytes);
  Digest finish();

 private:
  EVP_MD_CTX* context_;
};

inline std::string_view view(const Sha256::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace signpost::dkim
