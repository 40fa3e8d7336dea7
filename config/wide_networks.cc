#include "config/wide_networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::config {

namespace {

// Addresses from first to last, of one family: all of IPv4's, the first 64 bits of IPv6's (what is
// smaller than a /64 counts as one).
struct Range {
  std::uint64_t first;
  std::uint64_t last;
};

constexpr double kMostV4 = 1UL << (32 - 8);
constexpr double kMostV6 = 1UL << (64 - 16);

constexpr std::string_view kNotPublic[] = {"10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                           "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                                           "fc00::/7",       "fe80::/10"};

// IPv6 prefixes that represent all of IPv4, whose address is in the octets from `at` on. Mapped
// addresses (RFC 4291 section 2.5.5.2) were read as IPv4 already.
struct Translation {
  std::string_view prefix;
  std::size_t at;
};
constexpr Translation kTranslations[] = {{"64:ff9b::/96", 12},    // NAT64, RFC 6052
                                         {"64:ff9b:1::/48", 12},  // NAT64 of a site, RFC 8215
                                         {"2002::/16", 2},        // 6to4, RFC 3056
                                         {"2001::/32", 12}};      // Teredo, RFC 4380

bool is_within(const net::Network& narrow, const net::Network& wide) {
  return narrow.length >= wide.length && wide.contains(narrow.prefix);
}

// The IPv4 network that an IPv6 one represents; the network itself if it represents none.
net::Network meant_by(const net::Network& network) {
  for (const auto& [prefix, at] : kTranslations) {
    const net::Network translated = *net::Network::parse(prefix);
    if (is_within(translated, network)) return *net::Network::parse("0.0.0.0/0");
    if (!is_within(network, translated)) continue;
    const auto& octets = network.prefix.octets();
    const auto before = static_cast<unsigned>(at * 8);
    const unsigned length = std::clamp(network.length, before, before + 32) - before;
    return *net::Network::parse(fmt::format("{}.{}.{}.{}/{}", octets[at], octets[at + 1],
                                            octets[at + 2], octets[at + 3], length));
  }
  return network;
}

Range range_of(const net::Network& network) {
  const std::size_t octets = network.prefix.is_v6() ? 8 : 4;
  const unsigned bits = network.prefix.is_v6() ? 64 : 32;
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < octets; ++i) first = first << 8 | network.prefix.octets()[i];
  const unsigned free = bits - std::min(bits, network.length);
  const std::uint64_t span = free >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << free) - 1;
  return {first, first | span};
}

std::vector<Range> ranges_of(std::span<const net::Network> networks, bool v6) {
  std::vector<Range> ranges;
  for (const net::Network& network : networks) {
    if (network.prefix.is_v6() == v6) ranges.push_back(range_of(network));
  }
  std::ranges::sort(ranges, {}, &Range::first);
  std::vector<Range> merged;
  for (const Range& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

double size_of(const Range& range) { return static_cast<double>(range.last - range.first) + 1; }

double public_addresses(std::span<const net::Network> networks, bool v6) {
  std::vector<net::Network> others;
  for (const std::string_view text : kNotPublic) others.push_back(*net::Network::parse(text));
  double count = 0;
  for (const Range& range : ranges_of(networks, v6)) {
    count += size_of(range);
    for (const Range& other : ranges_of(others, v6)) {
      const Range both{std::max(range.first, other.first), std::min(range.last, other.last)};
      if (both.first <= both.last) count -= size_of(both);
    }
  }
  return count;
}

}  // namespace

bool are_wide(std::span<const net::Network> listed) {
  std::vector<net::Network> networks;
  networks.reserve(listed.size());
  for (const net::Network& network : listed) networks.push_back(meant_by(network));
  return public_addresses(networks, false) > kMostV4 || public_addresses(networks, true) > kMostV6;
}

}  // namespace signpost::config
