// Addresses that mail must not go to, whatever MX and address records say: strangers write those.
#pragma once

#include "config/config.h"
#include "delivery/disposition.h"
#include "delivery/next_hop.h"
#include "net/address.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace signpost::delivery {

// The kind of network that forbids `address` to mail that follows MX records or an address literal,
// such as "loopback"; nothing when it may go there. An IPv6 address that stands for an IPv4 address
// (NAT64, 6to4, Teredo, IPv4-compatible) is forbidden like that one. delivery.allow_networks is
// compared with the address itself. Pure.
std::optional<std::string_view> forbidden_network(const net::IpAddress& address,
                                                  const config::DeliveryConfig& config);

// Whether a connection to `target` would reach this relay: one of its listeners is bound to it, or
// to all addresses of this machine, which are `local`. Pure.
bool is_own_listener(const net::SocketAddress& target, const config::Config& config,
                     std::span<const net::IpAddress> local);

// Why mail of `hop` from `source` must not go to this address of `host`, by the rules above and
// Source::lacks(); nothing when it may.
// What strangers write into the DNS must not lead to this machine or its neighbours. Permanent, as
// with a null MX: the sender learns now, not when the mail expires, that this domain takes no mail.
std::optional<Disposition> why_not(const std::string& host, const net::SocketAddress& address,
                                   const NextHop& hop, const Source& source,
                                   const config::Config& config,
                                   std::span<const net::IpAddress> local_addresses);

}  // namespace signpost::delivery
