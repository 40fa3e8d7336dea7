// How the descriptors that the system allows are shared out, so that no client, and no number of
// receivers, takes those that the store needs to work.
#pragma once

#include <cstddef>

namespace signpost::relay {

struct DescriptorBudget {
  std::size_t sessions = 0;    // of clients
  std::size_t deliveries = 0;  // connections to receivers, at least 1
  std::size_t store = 0;       // files that the store may keep open
  std::size_t admin = 0;       // connections of the admin port
  // No connection is accepted with a descriptor from here on: the system gives the lowest one that
  // is free, so all below are in use.
  int ceiling = 0;
};

// `limit`: RLIMIT_NOFILE. `sessions`: the wanted number. `listening`: listening sockets.
// Deliveries get a quarter of what the reserve leaves, and whatever the sessions do not take.
DescriptorBudget share_descriptors(std::size_t limit, std::size_t sessions, std::size_t listening);

// The same for this process. Any thread.
DescriptorBudget share_descriptors(std::size_t sessions, std::size_t listening);

}  // namespace signpost::relay
