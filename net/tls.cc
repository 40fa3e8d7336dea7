#include "net/tls.h"

#include "base/pem.h"
#include "net/dane.h"
#include "net/openssl_error.h"
#include "net/tls_ticket.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

namespace signpost::net {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, FreeContext>;

// RFC 9325 section 4.2: forward secrecy and authenticated encryption, nothing else.
constexpr char kServerCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// When the handshake fails, opportunistic delivery continues in clear, so a weaker cipher or an old
// server's 1024-bit parameters (security level 1) protect more than they cost: RFC 7435 section 3.
// Certificates must meet level 2 before they count as verified.
constexpr char kClientCiphers[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:HIGH:!aNULL:!eNULL:!PSK:!SRP:!DSS:!MD5:@SECLEVEL=1";
constexpr int kVerificationLevel = 2;

int protocol_version(TlsVersion version) {
  return version == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

// A key with a passphrase is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) noexcept { return 0; }

Result<ContextPointer> new_context(const SSL_METHOD* method, TlsVersion minimum,
                                   const char* ciphers) {
  ERR_clear_error();
  ContextPointer context(SSL_CTX_new(method));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), protocol_version(minimum)) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), ciphers) != 1) {
    return fail(Errc::Io, "cannot set up TLS: " + take_openssl_errors("unknown reason"));
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // One read fetches a record together with its header.
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  return context;
}

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;

Result<KeyPointer> read_key(std::string_view pem) {
  const std::unique_ptr<BIO, int (*)(BIO*)> in(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  KeyPointer key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  if (key) return key;
  // OpenSSL's reason is that of a decoder which the operator never named.
  ERR_clear_error();
  if (const auto instead = pem::instead_of_private_key(pem); !instead.empty()) {
    return fail(Errc::InvalidArgument, std::string(instead));
  }
  if (!pem.contains("PRIVATE KEY-----")) {
    return fail(Errc::InvalidArgument,
                "has no private key in PEM; write the certificate's key into it");
  }
  return fail(Errc::InvalidArgument,
              "has a private key that is damaged, or of a kind that is not supported; copy the "
              "whole file again");
}

// The key, if it belongs to the certificate.
Result<KeyPointer> key_of(const Certificate& certificate, std::string_view pem) {
  ERR_clear_error();
  auto key = read_key(pem);
  if (!key || X509_check_private_key(certificate.own(), key->get()) == 1) return key;
  ERR_clear_error();
  for (X509* const other : certificate.others()) {
    const bool fits = X509_check_private_key(other, key->get()) == 1;
    ERR_clear_error();
    if (fits) {
      return fail(Errc::InvalidArgument,
                  "is the key of a later certificate in the chain; put that one first in the file "
                  "of the certificate");
    }
  }
  return fail(Errc::InvalidArgument,
              "is not the key of the certificate; write the key that it was issued for, or the "
              "certificate of this key");
}

Result<void> show(SSL_CTX* context, const Certificate& certificate, std::string_view key) {
  auto private_key = key_of(certificate, key);
  if (!private_key) return Failure(std::move(private_key).error());
  bool taken = SSL_CTX_use_certificate(context, certificate.own()) == 1;
  for (X509* const other : certificate.others()) {
    taken = taken && SSL_CTX_add1_chain_cert(context, other) == 1;
  }
  if (taken && SSL_CTX_use_PrivateKey(context, private_key->get()) == 1) return {};
  return fail(Errc::InvalidArgument,
              "cannot be used with the certificate: " + take_openssl_errors("unknown reason"));
}

std::vector<X509*> all_of(const Certificate& certificates) {
  std::vector<X509*> all = certificates.others();
  all.insert(all.begin(), certificates.own());
  return all;
}

// An authority need not be a root. False when OpenSSL is out of memory.
bool trust(SSL_CTX* context, const Certificate& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return std::ranges::all_of(all_of(authorities), [store](X509* authority) {
    return X509_STORE_add_cert(store, authority) == 1;
  });
}

// The verdict stays with the connection, whatever it is, and the handshake goes on: a client that
// has a certificate for other purposes sends it to everybody who asks.
int judge_client(X509_STORE_CTX* store, void*) noexcept {
  const int verified = X509_verify_cert(store);
  if (verified != 1 && X509_STORE_CTX_get_error(store) == X509_V_OK) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
  }
  return 1;
}

// False when OpenSSL is out of memory, or refuses one of the authorities.
bool ask_for_certificates(SSL_CTX* context, const Certificate& authorities) {
  constexpr std::string_view kSessions = "signpost";  // of this server: none is resumed
  if (!trust(context, authorities)) return false;
  for (X509* const authority : all_of(authorities)) {
    if (SSL_CTX_add_client_CA(context, authority) != 1) return false;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge_client, nullptr);
  return SSL_CTX_set_session_id_context(context,
                                        reinterpret_cast<const unsigned char*>(kSessions.data()),
                                        static_cast<unsigned>(kSessions.size())) == 1;
}

}  // namespace

Result<void> check_private_key(std::string_view pem) {
  ERR_clear_error();
  auto key = read_key(pem);
  if (!key) return Failure(std::move(key).error());
  return {};
}

Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::create(
    const Certificate& certificate, std::string_view key, TlsVersion minimum,
    const Certificate* client_ca) {
  auto context = new_context(TLS_server_method(), minimum, kServerCiphers);
  if (!context) return Failure(std::move(context).error());
  SSL_CTX* raw = context->get();
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(raw, 0);
  if (auto shown = show(raw, certificate, key); !shown) return Failure(std::move(shown).error());
  if (client_ca != nullptr && !ask_for_certificates(raw, *client_ca)) {
    return fail(Errc::Io, "clients cannot be asked for certificates: " +
                              take_openssl_errors("unknown reason"));
  }
  return std::shared_ptr<const TlsServerContext>(new TlsServerContext(context->release()));
}

TlsServerContext::~TlsServerContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::create(
    const TlsClientFiles& files) {
  auto context = new_context(TLS_client_method(), TlsVersion::Tls12, kClientCiphers);
  if (!context) return Failure(std::move(context).error());
  SSL_CTX* raw = context->get();
  const bool trusting = files.authorities == nullptr ? SSL_CTX_set_default_verify_paths(raw) == 1
                                                     : trust(raw, *files.authorities);
  if (!trusting) {
    return fail(Errc::Io,
                "cannot load the trusted certificates: " + take_openssl_errors("unknown reason"));
  }
  if (files.certificate != nullptr) {
    if (auto shown = show(raw, *files.certificate, files.key); !shown) {
      return Failure(std::move(shown).error());
    }
  }
  // OpenSSL still checks the chain and the names; TlsSession::facts() reads the result.
  SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
  X509_VERIFY_PARAM_set_auth_level(SSL_CTX_get0_param(raw), kVerificationLevel);
  if (!enable_dane(raw)) {
    return fail(Errc::Io, "cannot set up TLS: " + take_openssl_errors("unknown reason"));
  }
  collect_tickets(raw);
  return std::shared_ptr<const TlsClientContext>(new TlsClientContext(context->release()));
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

}  // namespace signpost::net
