// What this machine lacks for a start, which no file says: for check, which looks before the start
// does.
#pragma once

#include "config/config.h"

#include <string>
#include <vector>

namespace signpost::relay {

// Why the queue cannot be written by this process's account, with the remedy; empty if it can.
// `makes_folder`: whether a folder that is missing is made by someone who may. Any thread.
std::vector<config::ConfigError> queue_obstacles(const config::Config& config, bool makes_folder);

// Addresses where another program listens. A running relay of this process's account is none: it
// lets its own account in beside itself. Any thread; no client notices.
std::vector<config::ConfigError> port_obstacles(const config::Config& config);

}  // namespace signpost::relay
