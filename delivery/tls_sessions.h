// TLS sessions with receivers, for the next connections to the same ones to continue.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "net/tls.h"
#include "net/tls_ticket.h"
#include "relay/client_tls.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace signpost::delivery {

// Belongs to one worker. Reads no clock. A session continues only what it was made for: the same
// host and port, the same SNI and names to verify, and as much trust demanded of its handshake, all
// by the same rules. So one that was made where any certificate will do never passes for one with a
// verified certificate. The address does not matter: the hosts behind one name often share the keys
// of their tickets, and one that does not know a ticket makes a full handshake.
class TlsSessions {
 public:
  static constexpr std::size_t kMostServers = 1'000;    // then the longest unused is forgotten
  static constexpr std::size_t kMostOfServer = 4;       // then the oldest is forgotten
  static constexpr std::chrono::hours kKept{24};        // at most; less if the server says so
  static constexpr std::chrono::minutes kSweeping{10};  // how often the expired ones are wiped

  struct Server {
    std::string host;
    std::uint16_t port = 0;
    net::TlsExpectation expected;
    net::TlsTrust least = net::TlsTrust::None;  // what the policy demands of a handshake
    config::ClientTlsFiles files{};
    friend bool operator==(const Server&, const Server&) = default;
  };
  using Rules = std::shared_ptr<const relay::ClientTls>;

  // A session by former rules, such as another list of authorities, is not kept.
  void keep(const Rules& rules, const Server& server, net::TlsTicket ticket, SteadyTime now);
  // The latest. One that is good for a single use is not there any more afterwards. Those by other
  // rules are forgotten.
  std::optional<net::TlsTicket> take(const Rules& rules, const Server& server, SteadyTime now);
  void forget(const Server& server);
  std::size_t servers() const { return kept_.size(); }

 private:
  struct Kept {
    net::TlsTicket ticket;
    SteadyTime until;
  };
  struct Hash {
    std::size_t operator()(const Server& server) const noexcept {
      return std::hash<std::string>{}(server.host) * 31 + server.port;
    }
  };

  void follow(const Rules& rules);
  template <typename Goes>
  void forget_servers(Goes goes);
  void sweep(SteadyTime now);

  Rules rules_;
  SteadyTime next_sweep_{};
  LruMap<Server, std::deque<Kept>, Hash> kept_{kMostServers};
};

}  // namespace signpost::delivery
