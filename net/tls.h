// TLS as values (what a client expects, what a handshake agreed on) and the contexts that listeners
// and clients need before the first handshake (RFC 8314, RFC 9325).
#pragma once

#include "base/result.h"
#include "net/certificate.h"
#include "net/tlsa.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace signpost::net {

enum class TlsVersion { Tls12, Tls13 };

// What proves that the peer is who it should be, in ascending strength: compare with <.
enum class TlsTrust : std::uint8_t {
  None,        // the peer showed no certificate: servers ask few of their clients for one
  Unverified,  // encrypted, but the certificate proves nothing
  Pkix,        // a trusted authority vouches for one of the expected names (RFC 9525), or a client
  Dane,        // a TLSA record that DNSSEC authenticates vouches for the certificate (RFC 7672)
};

constexpr std::array<std::string_view, 4> texts_of(TlsTrust) {
  return {"none", "unverified", "pkix", "dane"};
}

// Why a certificate proves nothing, as reports tell it apart (RFC 8460 section 4.3).
enum class TlsFault : std::uint8_t {
  None,
  Expired,  // or not valid yet
  NameMismatch,
  NotTrusted,  // no authority vouches for it, or no TLSA record does
  Other,
};

// What a finished handshake agreed on. For policy, the Received field, the log and the metrics.
struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  bool resumed = false;
  TlsTrust trust = TlsTrust::None;
  std::string trust_error;  // why trust is Unverified
  TlsFault fault = TlsFault::None;
  // Whom a client's certificate names, verified: net/client_names.h.
  std::vector<std::string> client_names{};
};

// What only the two ends of a TLS connection know of it, so that nobody in the middle can pass on
// an authentication that is bound to it.
struct ChannelBinding {
  std::string exporter;  // tls-exporter (RFC 9266); "" where TLS 1.2 does not give it
  std::string
      end_point;  // tls-server-end-point (RFC 5929); "": the certificate's signature has no hash
};

// The server that a client means to reach. Policy decides which names count.
struct TlsExpectation {
  std::string server_name;  // sent as SNI; empty or an address: no SNI (RFC 6066 section 3)
  // The certificate must be valid for one of these host names, or for the address when one address
  // is all there is. Empty: the certificate is never more than Unverified.
  std::vector<std::string> names;
  // DNSSEC proves them, and one of them is usable: the certificate must fit one that is, and
  // nothing else proves it (RFC 7672 section 3). Then `names` counts for DANE-TA only.
  std::vector<TlsaRecord> tlsa{};
  // TLS 1.0 and 1.1 will do, too, and weaker keys and ciphers: for those who have nothing better.
  bool old_versions = false;
  friend bool operator==(const TlsExpectation&, const TlsExpectation&) = default;
};

// Whether `pem` has a private key that can be used; the error says what is there instead.
Result<void> check_private_key(std::string_view pem);

// A server's certificate and rules; constant, shared by all workers. Issues no session tickets:
// Microsoft's clients abort the handshake when a server sends them.
class TlsServerContext {
 public:
  // `key` is that of the certificate, in PEM. The error says what is wrong with the key.
  // `client_ca`: those who vouch for clients, who are then asked for a certificate and may have
  // none; the handshake judges it (TlsFacts::trust) but never fails over it. Null: clients are not
  // asked.
  static Result<std::shared_ptr<const TlsServerContext>> create(
      const Certificate& certificate, std::string_view key, TlsVersion minimum,
      const Certificate* client_ca = nullptr);
  ~TlsServerContext();
  ssl_ctx_st* handle() const { return context_; }

 private:
  explicit TlsServerContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// What a client trusts, and shows of itself. Borrowed for the call that takes it.
struct TlsClientFiles {
  const Certificate* authorities = nullptr;  // null: the system's trust store
  const Certificate* certificate = nullptr;  // for servers that ask for one; null: none
  std::string_view key{};                    // of that certificate, in PEM
};

// A client's rules; constant, shared by all workers. A handshake judges the server's certificate
// (TlsFacts::trust) but never fails over it: what an unverified one means is the caller's policy.
class TlsClientContext {
 public:
  // TLS 1.2 at least, unless a connection expects less. The error says what is wrong with the key.
  static Result<std::shared_ptr<const TlsClientContext>> create(const TlsClientFiles& files = {});
  ~TlsClientContext();
  ssl_ctx_st* handle() const { return context_; }

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace signpost::net
