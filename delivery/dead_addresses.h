// Addresses to which no connection could be made recently.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace signpost::delivery {

// Belongs to one worker. Pure. A host walk tries them last, so that a host with many dead addresses
// does not cost each attempt a time-out for each of them.
class DeadAddresses {
 public:
  static constexpr std::chrono::minutes kKept{5};  // since the last failure
  static constexpr std::size_t kMost = 10'000;     // then the longest unused is forgotten

  void failed(const net::SocketAddress& address, SteadyTime now);
  void answered(const net::SocketAddress& address);
  bool contains(const net::SocketAddress& address, SteadyTime now);

 private:
  struct Key {
    net::IpAddress ip;
    std::uint16_t port = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<net::IpAddress>{}(key.ip) * 31 + key.port;
    }
  };

  LruMap<Key, SteadyTime, Hash> until_{kMost};
};

}  // namespace signpost::delivery
