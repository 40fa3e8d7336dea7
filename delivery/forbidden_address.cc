#include "delivery/forbidden_address.h"

#include "base/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace signpost::delivery {

namespace {

struct Forbidden {
  net::Network network;
  std::string_view kind;
  bool is_private = false;  // delivery.private_networks lets mail go there
};

Forbidden row(std::string_view network, std::string_view kind, bool is_private = false) {
  const auto parsed = net::Network::parse(network);
  CHECK(parsed.has_value());
  return {*parsed, kind, is_private};
}

// From the registries of special-purpose addresses (RFC 6890): what no receiver on the Internet
// has.
const std::vector<Forbidden>& forbidden() {
  static const std::vector<Forbidden> all{row("0.0.0.0/8", "this machine"),
                                          row("127.0.0.0/8", "loopback"),
                                          row("169.254.0.0/16", "link-local"),
                                          row("224.0.0.0/4", "multicast"),
                                          row("240.0.0.0/4", "reserved"),
                                          row("::/128", "this machine"),
                                          row("::1/128", "loopback"),
                                          row("fe80::/10", "link-local"),
                                          row("ff00::/8", "multicast"),
                                          row("10.0.0.0/8", "private", true),
                                          row("100.64.0.0/10", "private", true),
                                          row("172.16.0.0/12", "private", true),
                                          row("192.0.0.0/24", "private", true),
                                          row("192.168.0.0/16", "private", true),
                                          row("198.18.0.0/15", "private", true),
                                          row("fc00::/7", "private", true),
                                          row("fec0::/10", "private", true)};
  return all;
}

using V4 = std::array<std::uint8_t, 4>;

// Where an IPv6 address of `network` keeps the IPv4 address that it stands for.
struct Embedding {
  std::string_view network;
  std::size_t at;
  bool inverted = false;
};
constexpr Embedding kEmbeddings[] = {
    {"::/96", 12},             // IPv4-compatible (RFC 4291 section 2.5.5.1)
    {"::ffff:0:0:0/96", 12},   // IPv4-translated (RFC 2765)
    {"64:ff9b::/96", 12},      // NAT64 (RFC 6052)
    {"64:ff9b:1::/48", 12},    // NAT64 of a local prefix, in its usual form (RFC 8215)
    {"2002::/16", 2},          // 6to4 (RFC 3056)
    {"2001::/32", 4},          // the server of Teredo (RFC 4380)
    {"2001::/32", 12, true}};  // and its client

// `address`, then what it stands for.
std::vector<net::IpAddress> meant_by(const net::IpAddress& address) {
  std::vector<net::IpAddress> found{address};
  if (!address.is_v6()) return found;
  for (const Embedding& embedding : kEmbeddings) {
    if (!net::Network::parse(embedding.network)->contains(address)) continue;
    V4 octets;
    std::copy_n(address.octets().begin() + static_cast<std::ptrdiff_t>(embedding.at), octets.size(),
                octets.begin());
    if (embedding.inverted) {
      for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(~octet);
    }
    found.push_back(net::IpAddress::from_v4(octets));
  }
  return found;
}

bool is_in(const net::IpAddress& address, const std::vector<net::Network>& networks) {
  return std::ranges::any_of(networks, [&](const auto& each) { return each.contains(address); });
}

}  // namespace

std::optional<std::string_view> forbidden_network(const net::IpAddress& address,
                                                  const config::DeliveryConfig& config) {
  if (is_in(address, config.allow_networks)) return {};
  for (const net::IpAddress& meant : meant_by(address)) {
    for (const Forbidden& each : forbidden()) {
      if (each.is_private && config.private_networks) continue;
      if (each.network.contains(meant)) return each.kind;
    }
  }
  return {};
}

bool lacks_source(const net::IpAddress& address, const config::DeliveryConfig& config) {
  return !config.source.empty() && std::ranges::find(config.source, address.is_v6(),
                                                     &net::IpAddress::is_v6) == config.source.end();
}

bool is_own_listener(const net::SocketAddress& target, const config::Config& config,
                     std::span<const net::IpAddress> local) {
  const bool here = target.ip.is_loopback() || target.ip.is_unspecified() ||
                    std::ranges::find(local, target.ip) != local.end();
  return std::ranges::any_of(config.listeners, [&](const config::ListenerConfig& listener) {
    const net::SocketAddress& bind = listener.bind;
    if (bind.port != target.port || bind.ip.is_v6() != target.ip.is_v6()) return false;
    if (bind.ip == target.ip) return true;
    // The system connects to the unspecified address as to loopback.
    return bind.ip.is_unspecified() ? here : bind.ip.is_loopback() && target.ip.is_unspecified();
  });
}

}  // namespace signpost::delivery
