// OpenSSL contexts of the load tools. They prove that bytes travel under TLS, not who the peer is.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace signpost::bench {

struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

// Constant after construction, shared by all threads.
Result<TlsContext> tls_server_context(const std::string& certificate_file,
                                      const std::string& key_file);
Result<TlsContext> tls_client_context();

}  // namespace signpost::bench
