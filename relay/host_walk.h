// The addresses of a next hop, one after the other in the order in which a client must try them
// (RFC 5321 section 5.1): MX hosts by preference, each with all of its addresses.
#pragma once

#include "dns/resolver.h"
#include "net/address.h"
#include "relay/disposition.h"
#include "relay/next_hop.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace signpost::relay {

// Belongs to one delivery session, on its worker's thread. Destroying it cancels what is asked.
class HostWalk {
 public:
  struct Target {
    std::string host;  // the MX host's name: judged by TLS, named in logs
    net::SocketAddress address;
  };
  // `found`: the next address. `exhausted`: there is none (left); the disposition tells why when no
  // address was ever found, and is of no weight otherwise. Neither runs from within next().
  struct Listener {
    std::function<void(Target)> found;
    std::function<void(Disposition)> exhausted;
  };

  // Bounds what one attempt spends on a domain with many hosts.
  static constexpr std::size_t kMaxTargets = 10;

  // `own_hostname`: MX hosts of the same or a larger preference value than ours are left out.
  HostWalk(net::Loop& loop, dns::Resolver& resolver, NextHop hop, std::string own_hostname,
           Listener listener);
  void next();  // once for each answer

 private:
  void ask_mail_exchangers();
  void on_mail_exchangers(dns::MxAnswer answer);
  void ask_addresses();
  void on_addresses(const dns::AddressAnswer& answer);
  void offer();
  void give_up();

  net::Loop& loop_;
  dns::Resolver& resolver_;
  const NextHop hop_;
  const std::string own_hostname_;
  const Listener listener_;
  dns::QueryHandle query_;
  bool asked_ = false;
  bool implicit_ = false;  // no MX records: the domain itself is the host
  std::deque<std::string> hosts_;
  std::string host_;  // the one whose addresses are tried
  std::deque<net::IpAddress> addresses_;
  std::size_t targets_ = 0;
  std::optional<Disposition> temporary_;  // a host whose addresses could not be looked up
  Disposition why_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what was deferred
};

}  // namespace signpost::relay
