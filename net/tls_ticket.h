// What a server gave a client so that its next connection continues the TLS session, without
// certificates and key exchange (RFC 8446 section 2.2, RFC 5077).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace signpost::net {

// A value; copies share the octets, which are secret and are wiped with the last copy. What the
// handshake verified is part of them, and is reported again for each connection that continues it.
class TlsTicket {
 public:
  static constexpr std::size_t kMostOctets = 8'192;

  // `octets`: the session as OpenSSL writes it. Of the server's chain it has the first certificate.
  TlsTicket(std::string octets, bool is_single_use, std::chrono::seconds lifetime);

  std::string_view octets() const { return *octets_; }
  // TLS 1.3: a client that sends a ticket twice shows observers that both connections are its own
  // (RFC 8446 appendix C.4).
  bool is_single_use() const { return is_single_use_; }
  std::chrono::seconds lifetime() const { return lifetime_; }  // from when it was given

 private:
  std::shared_ptr<const std::string> octets_;
  bool is_single_use_;
  std::chrono::seconds lifetime_;
};

// Has the connections of a client's context collect tickets. The context itself keeps none: which
// session a connection may continue is the caller's policy.
void collect_tickets(ssl_ctx_st* context);
// Where a connection of such a context collects them: a few at most, those larger than kMostOctets
// not at all. `into` must outlive the connection; the owner empties it.
void collect_tickets(ssl_st* connection, std::vector<TlsTicket>& into);
// Before the handshake. A ticket that OpenSSL cannot read is as good as none.
void offer_ticket(ssl_st* connection, const TlsTicket& ticket);

}  // namespace signpost::net
