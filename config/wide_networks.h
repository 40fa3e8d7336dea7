// How much of the Internet a list of networks covers.
#pragma once

#include "net/address.h"

#include <span>

namespace signpost::config {

// Whether the networks together cover more public addresses than an IPv4 /8 has, or an IPv6 /16.
// Overlaps count once; loopback, link-local and private addresses not at all, since nobody on the
// Internet has them. IPv6 prefixes of NAT64, 6to4 and Teredo count as the IPv4 addresses that they
// represent. Pure.
bool are_wide(std::span<const net::Network> networks);

}  // namespace signpost::config
