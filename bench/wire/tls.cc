#include "bench/wire/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace signpost::bench {

namespace {

Failure openssl_failure(const std::string& what) {
  char text[256] = "unknown error";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return fail(Errc::InvalidArgument, what + ": " + text);
}

Result<TlsContext> context(const SSL_METHOD* method) {
  ERR_clear_error();
  TlsContext made(SSL_CTX_new(method));
  if (!made) return openssl_failure("TLS");
  SSL_CTX_set_min_proto_version(made.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
  return made;
}

}  // namespace

void FreeTlsContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<TlsContext> tls_server_context(const std::string& certificate_file,
                                      const std::string& key_file) {
  auto made = context(TLS_server_method());
  if (!made) return made;
  if (SSL_CTX_use_certificate_chain_file(made->get(), certificate_file.c_str()) != 1) {
    return openssl_failure(certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(made->get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(made->get()) != 1) {
    return openssl_failure(key_file);
  }
  return made;
}

Result<TlsContext> tls_client_context() {
  auto made = context(TLS_client_method());
  if (made) SSL_CTX_set_verify(made->get(), SSL_VERIFY_NONE, nullptr);
  return made;
}

}  // namespace signpost::bench
