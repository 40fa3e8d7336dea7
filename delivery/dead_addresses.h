// Addresses to which no connection could be made recently, or not soon enough.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "net/address.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace signpost::delivery {

enum class Standing : std::uint8_t {
  Good,
  Slow,  // another answered first, which began later: tried after others of its rank
  Dead,  // no connection could be made: tried last of all
};

// Belongs to one worker. Pure. By it a host walk orders addresses, so that those that do not answer
// cost no attempt a time-out, and no more than one the head start that they have in a race.
class DeadAddresses {
 public:
  static constexpr std::chrono::minutes kKept{5};  // since the last failure
  static constexpr std::size_t kMost = 10'000;     // then the longest unused is forgotten

  void failed(const net::SocketAddress& address, SteadyTime now);
  void outrun(const net::SocketAddress& address, SteadyTime now);
  void answered(const net::SocketAddress& address);
  Standing standing(const net::SocketAddress& address, SteadyTime now);

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
  struct Remembered {
    Standing standing = Standing::Good;
    SteadyTime until;
  };

  LruMap<Key, Remembered, Hash> remembered_{kMost};
};

}  // namespace signpost::delivery
