#include "delivery/dead_addresses.h"

namespace signpost::delivery {

void DeadAddresses::failed(const net::SocketAddress& address, SteadyTime now) {
  remembered_.insert({address.ip, address.port}, {Standing::Dead, now + kKept});
}

void DeadAddresses::outrun(const net::SocketAddress& address, SteadyTime now) {
  if (standing(address, now) == Standing::Dead) return;
  remembered_.insert({address.ip, address.port}, {Standing::Slow, now + kKept});
}

void DeadAddresses::answered(const net::SocketAddress& address) {
  (void)remembered_.erase(Key{address.ip, address.port});
}

Standing DeadAddresses::standing(const net::SocketAddress& address, SteadyTime now) {
  const Remembered* const found = remembered_.find(Key{address.ip, address.port});
  return found != nullptr && now < found->until ? found->standing : Standing::Good;
}

}  // namespace signpost::delivery
