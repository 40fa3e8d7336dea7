// How a resolver asks, and what it believes and remembers.
#pragma once

#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace signpost::dns {

class ServiceWatch;

// Whether a name server's AD bit counts as proof that it validated the answer. On the way from
// another machine anyone can set that bit (RFC 6840 section 5.8).
enum class TrustAd : std::uint8_t {
  Auto,  // only when every name server is on a loopback address
  Always,
  Never,
};

struct ResolverOptions {
  std::vector<net::SocketAddress> servers{};  // empty: /etc/resolv.conf
  std::chrono::milliseconds timeout{5000};    // of one try at one server
  int tries = 3;                              // on each server
  TrustAd trust_ad = TrustAd::Auto;
  std::size_t cache_entries = 20'000;  // beyond: the least recently used goes first
  std::chrono::seconds max_ttl{86400};
  std::chrono::seconds max_negative_ttl{900};
  std::chrono::seconds temporary_ttl{5};  // failures are cached too, to spare a dead server
  std::size_t max_queries = 2000;         // under way at once; the others wait for their turn
  std::size_t max_waiting = 20'000;       // in all; beyond: Temporary
  // Told how each question to the name servers ended; outlives the resolver. Null: nobody is.
  ServiceWatch* watch = nullptr;
};

}  // namespace signpost::dns
