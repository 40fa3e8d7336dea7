// The addresses of a next hop, one after the other in the order in which a client tries them: see
// AddressOrder; the next hops of a route by their weights. Looks them up as they are needed.
#pragma once

#include "base/alive.h"
#include "base/random.h"
#include "delivery/address_order.h"
#include "delivery/dane_lookup.h"
#include "delivery/disposition.h"
#include "delivery/next_hop.h"
#include "delivery/route_hop.h"
#include "delivery/tls_decision.h"
#include "dns/resolver.h"
#include "net/address.h"
#include "net/loop.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

// Belongs to one delivery session, on its worker's thread. Destroying it cancels look-ups.
class HostWalk {
 public:
  struct Target {
    std::string host;  // the host's name, for logs; "" of a unix socket
    net::SocketAddress address;
    unsigned rank = 0;              // those of the lowest come first, dead ones after all others
    const RouteHop* via = nullptr;  // of a route: lives as long as the walk
    DnsSecurity security;           // what the DNS proves about it
    TlsRequirement tls;             // of the first connection to it

    bool is_lmtp() const { return via != nullptr && via->is_lmtp(); }
    bool is_local() const { return via != nullptr && !via->to.socket.empty(); }
    std::string place() const;  // "192.0.2.1:25", "unix:/path"; "" when there is none yet
  };
  // `forbidden`: why mail must not go to this address of that host, which is then skipped.
  // `standing`: what is remembered of it, which decides when it is tried.
  // `skipped`: a host that is not used because of what is wrong with its DNSSEC.
  // `found`: the next address. `exhausted`: there are no (more) addresses; the disposition says why
  // if none was ever found, and is meaningless otherwise. None of the three runs from within
  // next().
  struct Listener {
    std::function<std::optional<Disposition>(const std::string& host, const net::SocketAddress&)>
        forbidden;
    std::function<Standing(const net::SocketAddress&)> standing;
    std::function<void(const std::string& host, const Disposition&)> skipped;
    std::function<void(Target)> found;
    std::function<void(Disposition)> exhausted;
  };

  // `loop` and `resolver` must outlive it. `random` decides between equals, during this call only.
  HostWalk(net::Loop& loop, dns::Resolver& resolver, Random& random, NextHop hop,
           Listener listener);
  void next();  // once for each answer

 private:
  void offer();
  void on_addresses(const dns::AddressAnswer& answer);
  void on_dane(const dns::AddressAnswer& answer, Dane dane);
  void add(const net::IpAddress& address, const DnsSecurity& security);
  const RouteHop* via(unsigned rank) const;
  std::uint16_t port() const;  // of the host whose turn it is
  bool heeds_dane(const dns::AddressAnswer& answer) const;
  void note(Disposition why);
  bool is_in_policy() const;
  Target target(AddressOrder::Target found) const;

  net::Loop& loop_;
  dns::Resolver& resolver_;
  const NextHop hop_;
  const Listener listener_;
  dns::QueryHandle query_;
  std::optional<DaneLookup> dane_lookup_;
  const std::vector<std::size_t> hops_;  // of a route: which of hop_.via each rank is
  AddressOrder order_;
  std::string host_;                      // the one whose addresses are looked up
  std::optional<Disposition> temporary_;  // a host whose addresses could not be looked up
  std::optional<Disposition> why_;        // no host can be tried
  Alive alive_;                           // for deferred callbacks
};

}  // namespace signpost::delivery
