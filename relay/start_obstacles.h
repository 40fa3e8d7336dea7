// What this machine lacks for a start, which no file says: for check, which looks before the start
// does.
#pragma once

#include "config/config.h"

#include <string>
#include <vector>

namespace signpost::relay {

// Whether the disk has less space than limits.disk_free asks for. Any thread.
std::vector<config::ConfigError> disk_obstacles(const config::Config& config);

// Addresses where another program listens. A running relay of this process's account is none: it
// lets its own account in beside itself. Any thread; no client notices.
std::vector<config::ConfigError> port_obstacles(const config::Config& config);

}  // namespace signpost::relay
