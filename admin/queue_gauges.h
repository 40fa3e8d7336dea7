// The queue's depth and age as metrics, computed at each scrape.
#pragma once

#include "base/clock.h"
#include "delivery/memory_counts.h"
#include "metrics/registry.h"
#include "queue/store.h"

namespace signpost::admin {

// Registers the metrics that begin with signpost_queue_ and are gauges. The arguments must
// outlive the registry's last scrape.
void add_queue_gauges(metrics::Registry& registry, const queue::Store& store,
                      const delivery::MemoryCounts& counts, const Clock& clock);

}  // namespace signpost::admin
