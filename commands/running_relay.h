// Whether the relay of a configuration runs, and where it listens.
#pragma once

#include "config/config.h"
#include "relay/start_obstacles.h"

namespace signpost::commands {

// By its admin API, or by the lock of its queue where the API cannot be used.
relay::RunningRelay find_running_relay(const config::Config& config);

}  // namespace signpost::commands
