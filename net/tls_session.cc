#include "net/tls_session.h"

#include "base/check.h"
#include "net/address.h"
#include "net/client_names.h"
#include "net/dane.h"
#include "net/openssl_error.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::net {

// An OpenSSL BIO over a TlsSession's Socket.
struct SocketBio {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) noexcept {
    TlsSession& self = session(bio);
    BIO_clear_retry_flags(bio);
    const Socket::Outcome outcome = self.socket_.read({into, static_cast<std::size_t>(size)});
    switch (outcome.status) {
      case Socket::Status::Done:
        return static_cast<int>(outcome.size);
      case Socket::Status::Blocked:
        BIO_set_retry_read(bio);
        return -1;
      case Socket::Status::Ended:
        self.socket_ended_ = true;
        return 0;
      case Socket::Status::Failed:
        self.socket_error_ = outcome.number;
        return -1;
    }
    return -1;
  }

  static int write(BIO* bio, const char* bytes, int size) noexcept {
    TlsSession& self = session(bio);
    BIO_clear_retry_flags(bio);
    const Socket::Outcome outcome = self.socket_.write({bytes, static_cast<std::size_t>(size)});
    if (outcome.status == Socket::Status::Done) return static_cast<int>(outcome.size);
    if (outcome.status == Socket::Status::Blocked) {
      BIO_set_retry_write(bio);
    } else {
      self.socket_error_ = outcome.number;
    }
    return -1;
  }

  static long control(BIO* bio, int command, long, void*) noexcept {
    if (command == BIO_CTRL_FLUSH) return 1;  // write() buffers nothing
    if (command == BIO_CTRL_EOF) return session(bio).socket_ended_ ? 1 : 0;
    return 0;
  }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream socket");
      CHECK(fresh != nullptr);
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }
};

namespace {

int bounded(std::size_t size) {
  return static_cast<int>(std::min(size, static_cast<std::size_t>(INT_MAX)));
}

// The form that certificates and SNI use.
std::string without_root_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// Host names only (RFC 6066 section 3). A name that OpenSSL refuses (too long) or would cut short
// (a zero octet) is not sent: the server then presents its default certificate.
void send_server_name(SSL* ssl, std::string name) {
  name = without_root_dot(std::move(name));
  if (name.empty() || name.contains('\0') || IpAddress::parse(name)) return;
  (void)SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

// False if no certificate can match. The names are alternatives; OpenSSL takes one address only and
// would demand it in addition to a host name, so a list that mixes them is refused.
bool expect_names(SSL* ssl, const std::vector<std::string>& names) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (names.size() == 1) {
    if (const auto address = IpAddress::parse(names.front())) {
      return X509_VERIFY_PARAM_set1_ip_asc(rules, address->text().c_str()) == 1;
    }
  }
  // RFC 9525 section 2 retires the common name as a place for host names, and OpenSSL would accept
  // it as one whenever the certificate has no subjectAltName.
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool any = false;
  for (const std::string& given : names) {
    const std::string name = without_root_dot(given);
    if (IpAddress::parse(name)) return false;
    if (name.empty()) continue;  // OpenSSL ignores it, and without any name it would check none
    if (X509_VERIFY_PARAM_add1_host(rules, name.data(), name.size()) != 1) return false;
    any = true;
  }
  return any;
}

// RFC 7435: what such a peer can do is better than clear text.
void accept_old_versions(SSL* ssl) {
  SSL_set_security_level(ssl, 0);
  (void)SSL_set_min_proto_version(ssl, TLS1_VERSION);
  (void)SSL_set_cipher_list(ssl, "HIGH:MEDIUM:!aNULL:!eNULL:!PSK:!SRP:!DSS:!MD5:@SECLEVEL=0");
}

// The peer and we have no version of TLS in common, or it has only ciphers that are too weak.
bool is_too_old(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
      return true;
    default:
      return false;
  }
}

}  // namespace

TlsSession::TlsSession(ssl_st* ssl, Socket& socket, bool client)
    : ssl_(ssl), socket_(socket), client_(client) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

std::unique_ptr<TlsSession> TlsSession::create(ssl_ctx_st* context, Socket& socket, bool client) {
  ERR_clear_error();
  SSL* ssl = SSL_new(context);
  BIO* bio = BIO_new(SocketBio::method());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  std::unique_ptr<TlsSession> session(new TlsSession(ssl, socket, client));
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // transfers ownership of the BIO
  return session;
}

std::unique_ptr<TlsSession> TlsSession::server(const TlsServerContext& context, Socket& socket) {
  auto session = create(context.handle(), socket, false);
  if (session) SSL_set_accept_state(session->ssl_);
  return session;
}

std::unique_ptr<TlsSession> TlsSession::client(const TlsClientContext& context, Socket& socket,
                                               const TlsExpectation& expected,
                                               const TlsTicket* resumed) {
  auto session = create(context.handle(), socket, true);
  if (!session) return nullptr;
  SSL_set_connect_state(session->ssl_);
  send_server_name(session->ssl_, expected.server_name);
  if (expected.old_versions) accept_old_versions(session->ssl_);
  session->needs_tlsa_ = !expected.tlsa.empty();
  session->has_tlsa_ = session->needs_tlsa_ && expect_tlsa(session->ssl_, expected.tlsa);
  session->has_expected_names_ = expect_names(session->ssl_, expected.names);
  collect_tickets(session->ssl_, session->tickets_);
  if (resumed != nullptr) offer_ticket(session->ssl_, *resumed);
  return session;
}

std::vector<TlsTicket> TlsSession::take_tickets() { return std::exchange(tickets_, {}); }

TlsSession::Status TlsSession::judge(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return Status::WantRead;
    case SSL_ERROR_WANT_WRITE:
      return Status::WantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Status::Ended;
    default:
      break;
  }
  if (socket_ended_) return Status::Ended;
  too_old_ = is_too_old(ERR_peek_last_error());
  error_ = take_openssl_errors("protocol error");
  return Status::Failed;
}

TlsSession::Status TlsSession::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  return result == 1 ? Status::Done : judge(result);
}

TlsSession::Outcome TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  const int result = SSL_read(ssl_, into.data(), bounded(into.size()));
  if (result > 0) return {Status::Done, static_cast<std::size_t>(result)};
  return {judge(result)};
}

TlsSession::Outcome TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  const int result = SSL_write(ssl_, bytes.data(), bounded(bytes.size()));
  if (result > 0) return {Status::Done, static_cast<std::size_t>(result)};
  return {judge(result)};
}

TlsSession::Status TlsSession::send_close_notify() {
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_);
  return result >= 0 ? Status::Done : judge(result);
}

bool TlsSession::has_pending() const { return SSL_has_pending(ssl_) == 1; }

void TlsSession::cleanse_input(bool on) {
  if (on) {
    SSL_set_options(ssl_, SSL_OP_CLEANSE_PLAINTEXT);
  } else {
    SSL_clear_options(ssl_, SSL_OP_CLEANSE_PLAINTEXT);
  }
}

namespace {

// Unique only where the master secret covers the handshake: in TLS 1.3, and in 1.2 with RFC 7627.
std::string exporter_of(SSL* ssl) {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return "";
  std::array<unsigned char, 32> key{};
  const bool made = SSL_export_keying_material(ssl, key.data(), key.size(), kLabel.data(),
                                               kLabel.size(), nullptr, 0, 1) == 1;
  return made ? std::string(key.begin(), key.end()) : "";
}

// The hash that signed the certificate, SHA-256 instead of weaker ones (RFC 5929 section 4.1).
std::string end_point_of(SSL* ssl) {
  X509* const own = SSL_get_certificate(ssl);
  int digest = NID_undef;
  if (own == nullptr || X509_get_signature_info(own, &digest, nullptr, nullptr, nullptr) != 1) {
    return "";
  }
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* const hash = EVP_get_digestbynid(digest);
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  if (hash == nullptr || X509_digest(own, hash, made.data(), &size) != 1) return "";
  return {made.begin(), made.begin() + size};
}

}  // namespace

ChannelBinding TlsSession::channel_binding() const {
  CHECK(!client_);
  ERR_clear_error();
  ChannelBinding binding{.exporter = exporter_of(ssl_), .end_point = end_point_of(ssl_)};
  ERR_clear_error();
  return binding;
}

namespace {

TlsFault fault_of(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return TlsFault::Expired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return TlsFault::NameMismatch;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_DANE_NO_MATCH:
      return TlsFault::NotTrusted;
    default:
      return TlsFault::Other;
  }
}

}  // namespace

TlsTrust TlsSession::proven() const {
  if (!needs_tlsa_) return TlsTrust::Pkix;
  return has_tlsa_ && fits_tlsa(ssl_) ? TlsTrust::Dane : TlsTrust::Unverified;
}

TlsFacts TlsSession::facts() const {
  TlsFacts facts;
  facts.version = SSL_get_version(ssl_);
  // The name in IANA's registry, which the tls clause of a Received field requires (RFC 8314
  // section 7.4).
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_)) {
    facts.cipher = SSL_CIPHER_standard_name(cipher);
  }
  facts.resumed = SSL_session_reused(ssl_) == 1;
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (!client_ && certificate == nullptr) return facts;
  const long verdict = SSL_get_verify_result(ssl_);
  facts.trust = TlsTrust::Unverified;
  facts.fault = TlsFault::Other;
  if (certificate == nullptr) {
    facts.trust_error = "no certificate";
  } else if (verdict != X509_V_OK) {
    facts.trust_error = X509_verify_cert_error_string(verdict);
    facts.fault = fault_of(verdict);
  } else if (client_ && !has_expected_names_) {
    facts.trust_error = "no name to verify";
  } else if (facts.trust = proven(); facts.trust == TlsTrust::Unverified) {
    facts.trust_error = "no usable TLSA record";
  } else {
    facts.fault = TlsFault::None;
    if (!client_) facts.client_names = client_names(*certificate);
  }
  return facts;
}

Error TlsSession::error() const {
  if (socket_error_ != 0) return socket_error(socket_error_);
  return {too_old_ ? Errc::TooOld : Errc::Protocol, "TLS: " + error_};
}

}  // namespace signpost::net
