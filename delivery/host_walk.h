// The addresses of a next hop, one after the other in the order in which a client must try them
// (RFC 5321 section 5.1): hosts by rank, each with all of its addresses.
#pragma once

#include "base/alive.h"
#include "delivery/disposition.h"
#include "delivery/next_hop.h"
#include "delivery/tls_decision.h"
#include "dns/resolver.h"
#include "net/address.h"
#include "net/loop.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace signpost::delivery {

// Belongs to one delivery session, on its worker's thread. Destroying it cancels look-ups.
class HostWalk {
 public:
  struct Target {
    std::string host;  // the host's name, for logs
    net::SocketAddress address;
    DnsSecurity security;  // what the DNS proves about it
    TlsRequirement tls;    // of the first connection to it
  };
  // `forbidden`: why mail must not go to this address of that host, which is passed over then.
  // `found`: the next address. `exhausted`: there are no (more) addresses; the disposition says why
  // if none was ever found, and means nothing otherwise. Neither runs from within next().
  struct Listener {
    std::function<std::optional<Disposition>(const std::string& host, const net::SocketAddress&)>
        forbidden;
    std::function<void(Target)> found;
    std::function<void(Disposition)> exhausted;
  };

  // Bounds what one attempt spends on a receiver with many hosts.
  static constexpr std::size_t kMaxTargets = 10;

  HostWalk(net::Loop& loop, dns::Resolver& resolver, NextHop hop, Listener listener);
  void next();  // once for each answer

 private:
  void ask_addresses();
  void on_addresses(const dns::AddressAnswer& answer);
  void offer();
  void pass_over_forbidden();
  void note(Disposition why);

  net::Loop& loop_;
  dns::Resolver& resolver_;
  const NextHop hop_;
  const Listener listener_;
  dns::QueryHandle query_;
  std::deque<std::string> hosts_;  // still to be tried
  std::string host_;               // the one whose addresses are tried
  std::deque<net::IpAddress> addresses_;
  bool authenticated_ = false;  // addresses_, by DNSSEC
  std::size_t targets_ = 0;
  std::optional<Disposition> temporary_;  // a host whose addresses could not be looked up
  std::optional<Disposition> why_;        // no host can be tried
  Alive alive_;                           // for what was deferred
};

}  // namespace signpost::delivery
