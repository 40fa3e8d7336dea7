#include "net/tls_ticket.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace signpost::net {

namespace {

constexpr std::size_t kMostUncollected = 4;

std::shared_ptr<const std::string> kept_secret(std::string octets) {
  return {new std::string(std::move(octets)), [](std::string* each) {
            OPENSSL_cleanse(each->data(), each->size());
            delete each;
          }};
}

// In TLS 1.3 the server's word, at most seven days (RFC 8446 section 4.6.1). In TLS 1.2 it may have
// said nothing (RFC 5077 section 3.3): then a time that OpenSSL thinks safe.
std::chrono::seconds lifetime_of(const SSL_SESSION* session) {
  const std::chrono::seconds said(SSL_SESSION_get_ticket_lifetime_hint(session));
  const bool is_silent = said.count() == 0;
  if (is_silent && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
    return std::chrono::seconds(SSL_SESSION_get_timeout(session));
  }
  return said;
}

std::string written(const SSL_SESSION* session) {
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > TlsTicket::kMostOctets) return "";
  std::string octets(static_cast<std::size_t>(size), '\0');
  auto* end = reinterpret_cast<unsigned char*>(octets.data());
  return i2d_SSL_SESSION(session, &end) == size ? octets : "";
}

// The session stays OpenSSL's: it spoils one whose connection ends without close_notify, as most
// do after QUIT, and holds the whole chain.
int on_new_session(SSL* connection, SSL_SESSION* session) noexcept {
  constexpr int kNotTaken = 0;
  auto* const into = static_cast<std::vector<TlsTicket>*>(SSL_get_app_data(connection));
  if (into == nullptr || into->size() >= kMostUncollected) return kNotTaken;
  if (SSL_SESSION_is_resumable(session) != 1) return kNotTaken;
  std::string octets = written(session);
  if (octets.empty()) return kNotTaken;
  into->emplace_back(std::move(octets), SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION,
                     lifetime_of(session));
  return kNotTaken;
}

}  // namespace

TlsTicket::TlsTicket(std::string octets, bool is_single_use, std::chrono::seconds lifetime)
    : octets_(kept_secret(std::move(octets))), is_single_use_(is_single_use), lifetime_(lifetime) {}

void collect_tickets(ssl_ctx_st* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_session);
}

void collect_tickets(ssl_st* connection, std::vector<TlsTicket>& into) {
  SSL_set_app_data(connection, &into);
}

void offer_ticket(ssl_st* connection, const TlsTicket& ticket) {
  const std::string_view octets = ticket.octets();
  const auto* begin = reinterpret_cast<const unsigned char*>(octets.data());
  SSL_SESSION* const session = d2i_SSL_SESSION(nullptr, &begin, static_cast<long>(octets.size()));
  if (session != nullptr) (void)SSL_set_session(connection, session);
  SSL_SESSION_free(session);
  ERR_clear_error();
}

}  // namespace signpost::net
