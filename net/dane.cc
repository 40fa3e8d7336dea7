#include "net/dane.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace signpost::net {

namespace {

constexpr std::uint8_t kDaneTa = 2, kDaneEe = 3;
constexpr std::uint8_t kCertificate = 0, kPublicKey = 1;
constexpr std::uint8_t kFull = 0, kSha256 = 1, kSha512 = 2;

// The records say which keys to trust: one that is weak is still the one that the receiver means,
// and mail that cannot be delivered is no safer. As weak as the ciphers may be (net/tls.cc).
constexpr int kDaneLevel = 1;

const unsigned char* octets_of(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

bool is_certificate(std::string_view data) {
  const unsigned char* at = octets_of(data);
  const std::unique_ptr<X509, void (*)(X509*)> read(
      d2i_X509(nullptr, &at, static_cast<long>(data.size())), X509_free);
  return read && at == octets_of(data) + data.size() && X509_get0_pubkey(read.get()) != nullptr;
}

bool is_public_key(std::string_view data) {
  const unsigned char* at = octets_of(data);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> read(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(data.size())), EVP_PKEY_free);
  return read && at == octets_of(data) + data.size();
}

bool has_fitting_data(const TlsaRecord& record) {
  switch (record.matching) {
    case kSha256:
      return record.data.size() == 32;
    case kSha512:
      return record.data.size() == 64;
    case kFull:
      return record.selector == kCertificate ? is_certificate(record.data)
                                             : is_public_key(record.data);
    default:
      return false;
  }
}

}  // namespace

bool is_usable(const TlsaRecord& record) {
  if (record.usage != kDaneTa && record.usage != kDaneEe) return false;
  if (record.selector != kCertificate && record.selector != kPublicKey) return false;
  const bool fits = has_fitting_data(record);
  ERR_clear_error();
  return fits;
}

bool enable_dane(ssl_ctx_st* context) { return SSL_CTX_dane_enable(context) == 1; }

bool expect_tlsa(ssl_st* connection, const std::vector<TlsaRecord>& records) {
  // A name here would be SNI, and the only one to verify so far: both are the caller's.
  if (SSL_dane_enable(connection, nullptr) != 1) return false;
  // RFC 7672 section 3.1.1: DANE-EE binds the key to the host, whatever the certificate says.
  SSL_dane_set_flags(connection, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  X509_VERIFY_PARAM_set_auth_level(SSL_get0_param(connection), kDaneLevel);
  bool any = false;
  for (const TlsaRecord& record : records) {
    if (!is_usable(record)) continue;
    const int added = SSL_dane_tlsa_add(connection, record.usage, record.selector, record.matching,
                                        octets_of(record.data), record.data.size());
    if (added == 1) any = true;
  }
  ERR_clear_error();
  return any;
}

bool fits_tlsa(ssl_st* connection) {
  if (SSL_get_verify_result(connection) != X509_V_OK) return false;
  // A session that is continued has the verdict of its first handshake, and no chain to find the
  // record in again. It was made for the same records: delivery/tls_sessions.h.
  return SSL_session_reused(connection) == 1 ||
         SSL_get0_dane_authority(connection, nullptr, nullptr) >= 0;
}

}  // namespace signpost::net
