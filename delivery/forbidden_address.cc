#include "delivery/forbidden_address.h"

#include "base/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace signpost::delivery {

namespace {

struct Forbidden {
  net::Network network;
  std::string_view kind;    // an adjective: why_not() says "has the … address"
  bool is_private = false;  // delivery.private_networks lets mail go there
};

Forbidden row(std::string_view network, std::string_view kind, bool is_private = false) {
  const auto parsed = net::Network::parse(network);
  CHECK(parsed.has_value());
  return {*parsed, kind, is_private};
}

// From the registries of special-purpose addresses (RFC 6890): addresses that no receiver on the
// Internet has.
const std::vector<Forbidden>& forbidden() {
  static const std::vector<Forbidden> all{
      row("0.0.0.0/32", "unspecified"),       row("0.0.0.0/8", "reserved"),
      row("127.0.0.0/8", "loopback"),         row("169.254.0.0/16", "link-local"),
      row("224.0.0.0/4", "multicast"),        row("240.0.0.0/4", "reserved"),
      row("::/128", "unspecified"),           row("::1/128", "loopback"),
      row("fe80::/10", "link-local"),         row("ff00::/8", "multicast"),
      row("10.0.0.0/8", "private", true),     row("100.64.0.0/10", "private", true),
      row("172.16.0.0/12", "private", true),  row("192.0.0.0/24", "private", true),
      row("192.168.0.0/16", "private", true), row("198.18.0.0/15", "private", true),
      row("fc00::/7", "private", true),       row("fec0::/10", "private", true)};
  return all;
}

using V4 = std::array<std::uint8_t, 4>;

// Where an IPv6 address of `network` holds the octets of the IPv4 address that it represents.
struct Embedding {
  std::string_view network;
  std::array<std::size_t, 4> at;
  bool inverted = false;
};
constexpr Embedding kEmbeddings[] = {
    {"::/96", {12, 13, 14, 15}},             // IPv4-compatible (RFC 4291 section 2.5.5.1)
    {"::ffff:0:0:0/96", {12, 13, 14, 15}},   // IPv4-translated (RFC 2765)
    {"64:ff9b::/96", {12, 13, 14, 15}},      // NAT64 (RFC 6052)
    {"2002::/16", {2, 3, 4, 5}},             // 6to4 (RFC 3056)
    {"2001::/32", {4, 5, 6, 7}},             // the server of Teredo (RFC 4380)
    {"2001::/32", {12, 13, 14, 15}, true}};  // and its client

// NAT64 of a local prefix (RFC 8215), which may be this one or any within it: the address does not
// show its length, so it is read in each form of RFC 6052 section 2.2. The bits around it prove
// nothing: translators ignore them.
constexpr std::string_view kLocalNat64 = "64:ff9b:1::/48";
constexpr std::array<std::size_t, 4> kLocalForms[] = {
    {6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}};  // /48, /56, /64, /96

net::IpAddress read(const net::IpAddress& address, const std::array<std::size_t, 4>& at,
                    bool inverted = false) {
  V4 octets;
  std::ranges::transform(at, octets.begin(), [&](std::size_t i) {
    const std::uint8_t octet = address.octets()[i];
    return inverted ? static_cast<std::uint8_t>(~octet) : octet;
  });
  return net::IpAddress::from_v4(octets);
}

// A longer prefix fills the place of a shorter one's address with zeros: a reading in 0.0.0.0/8
// counts only when there is no other.
void add_local_nat64(const net::IpAddress& address, std::vector<net::IpAddress>& found) {
  if (!net::Network::parse(kLocalNat64)->contains(address)) return;
  const std::size_t before = found.size();
  for (const auto& form : kLocalForms) {
    const net::IpAddress meant = read(address, form);
    if (meant.octets()[0] != 0) found.push_back(meant);
  }
  if (found.size() == before) found.emplace_back();
}

// `address`, then the addresses that it represents.
std::vector<net::IpAddress> meant_by(const net::IpAddress& address) {
  std::vector<net::IpAddress> found{address};
  if (!address.is_v6()) return found;
  for (const Embedding& embedding : kEmbeddings) {
    if (!net::Network::parse(embedding.network)->contains(address)) continue;
    found.push_back(read(address, embedding.at, embedding.inverted));
  }
  add_local_nat64(address, found);
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

std::optional<Disposition> why_not(const std::string& host, const net::SocketAddress& address,
                                   const NextHop& hop, const Source& source,
                                   const config::Config& config,
                                   std::span<const net::IpAddress> local_addresses) {
  if (is_own_listener(address, config, local_addresses)) {
    return local(Outcome::Failed, {5, 4, 6},
                 fmt::format("mail for {} ({}) loops back to this relay", host, address.text()));
  }
  // An address in a route is the operator's choice, like delivery.source.
  const bool named = hop.routed && net::IpAddress::parse(host);
  if (!named && source.lacks(address.ip)) {
    return local(
        Outcome::Delayed, {4, 4, 4},
        fmt::format("the mail server {} has the address {}, and {} has no address of that "
                    "family",
                    host, address.ip.text(),
                    source.name.empty() ? "delivery.source" : "the source " + source.name));
  }
  if (hop.routed) return {};
  const auto kind = forbidden_network(address.ip, config.delivery);
  if (!kind) return {};
  return local(Outcome::Failed, {5, 4, 4},
               fmt::format("the mail server {} has the {} address {}, where no mail is sent", host,
                           *kind, address.ip.text()));
}

}  // namespace signpost::delivery
