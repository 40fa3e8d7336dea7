// What this machine lacks for a start, which no file says: for check, which looks before the start
// does.
#pragma once

#include "config/config.h"

#include <string>
#include <vector>

namespace signpost::relay {

// Why the data folder could not be made by this process, in words; "" if it could, or is there.
// Tries it and leaves nothing behind. Any thread.
std::string folder_obstacle(const std::string& data_dir);

// Why the queue cannot be written by this process's account, with the remedy; empty if it can.
// `makes_folder`: whether a folder that is missing is made by someone else, who may. Leaves nothing
// behind. Any thread.
std::vector<config::ConfigError> queue_obstacles(const config::Config& config, bool makes_folder);

// Whether the disk has less space than limits.disk_free asks for. Any thread.
std::vector<config::ConfigError> disk_obstacles(const config::Config& config);

// Addresses where another program listens. A running relay of this process's account is none: it
// lets its own account in beside itself. Any thread; no client notices.
std::vector<config::ConfigError> port_obstacles(const config::Config& config);

}  // namespace signpost::relay
