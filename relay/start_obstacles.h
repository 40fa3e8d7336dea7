// What this machine lacks for a start, which no file says: for check, which looks before the start
// does.
#pragma once

#include "config/config.h"

#include <optional>
#include <string>
#include <vector>

namespace signpost::relay {

// Whether the disk has less space than limits.disk_free asks for. Any thread.
std::vector<config::ConfigError> disk_obstacles(const config::Config& config);

// Whether a start from here has fewer descriptors than limits.sessions needs. Any thread.
std::vector<config::ConfigError> descriptor_obstacles(const config::Config& config);

// The relay that has this configuration's data folder.
struct RunningRelay {
  bool is_running = false;
  std::optional<std::vector<std::string>> listeners;  // their `bind`; nothing: not known
};

// Addresses where someone else listens, be it another relay of this process's account. Any thread;
// no client notices.
std::vector<config::ConfigError> port_obstacles(const config::Config& config,
                                                const RunningRelay& ours);

}  // namespace signpost::relay
