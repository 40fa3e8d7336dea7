// TLS contexts: what a listener or a client needs before the first handshake (RFC 8314, RFC 9325).
#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace signpost::net {

enum class TlsVersion { Tls12, Tls13 };

// What a finished handshake agreed on. For the Received field, the log and the metrics.
struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  bool resumed = false;
  bool verified = false;     // the peer's certificate chain and name were right (clients)
  std::string verify_error;  // why not
};

// A server's certificate and rules; constant, shared by all workers. No session tickets are issued:
// Microsoft's clients abort the handshake when a server sends them.
class TlsServerContext {
 public:
  // Files in PEM: the chain, and its key, which must fit. The error names the file and the reason.
  static Result<std::shared_ptr<const TlsServerContext>> load(const std::string& certificate_file,
                                                              const std::string& key_file,
                                                              TlsVersion minimum);
  ~TlsServerContext();
  ssl_ctx_st* handle() const { return context_; }

 private:
  explicit TlsServerContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// A client's rules. The certificate is always asked for and judged (TlsFacts::verified), but only
// Stream's caller decides what an unverified one means.
class TlsClientContext {
 public:
  // `ca_file` empty: the system's trust store.
  static Result<std::shared_ptr<const TlsClientContext>> create(
      const std::string& ca_file = "", TlsVersion minimum = TlsVersion::Tls12);
  ~TlsClientContext();
  ssl_ctx_st* handle() const { return context_; }

 private:
  explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace signpost::net
