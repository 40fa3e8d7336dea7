// The queue's depth and age as metrics, asked for at each scrape.
#pragma once

#include "relay/relay.h"

namespace signpost::relay {

// Registers signpost_queue_messages and signpost_queue_oldest_seconds. `relay` must outlive the
// registry's last scrape.
void add_queue_gauges(Relay& relay);

}  // namespace signpost::relay
