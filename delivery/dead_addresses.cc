#include "delivery/dead_addresses.h"

namespace signpost::delivery {

void DeadAddresses::failed(const net::SocketAddress& address, SteadyTime now) {
  until_.insert({address.ip, address.port}, now + kKept);
}

void DeadAddresses::answered(const net::SocketAddress& address) {
  (void)until_.erase(Key{address.ip, address.port});
}

bool DeadAddresses::contains(const net::SocketAddress& address, SteadyTime now) {
  const SteadyTime* const until = until_.find(Key{address.ip, address.port});
  return until != nullptr && now < *until;
}

}  // namespace signpost::delivery
