// The relay's state as metrics, computed at each scrape: whether it takes mail, how near it is to
// its limits, and what the store reports.
#pragma once

#include "admin/services.h"

namespace signpost::admin {

// What `services` refers to must outlive the registry's last scrape. Call it once.
void add_relay_gauges(const Services& services);

}  // namespace signpost::admin
