// How the descriptors that the system allows are shared out, so that no client, and no number of
// receivers, takes those that the store needs to work.
#pragma once

#include "config/config.h"

#include <cstddef>
#include <string>

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

// RLIMIT_NOFILE of this process, and what serve raises it to at its start. Any thread.
std::size_t allowed_descriptors();
std::size_t most_descriptors();

// The same for a relay of this configuration, whose workers listen with sockets of their own.
DescriptorBudget share_descriptors(std::size_t limit, const config::Config& config);

unsigned worker_count(const config::Config& config);

// Whether that is too little to start with: fewer sessions than a relay is any use with.
bool are_too_few(const DescriptorBudget& budget, const config::Config& config);
// What there is too little of, and what to do; "" if limits.sessions has all that it needs.
std::string descriptor_shortage(const DescriptorBudget& budget, const config::Config& config);

}  // namespace signpost::relay
