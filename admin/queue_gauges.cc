#include "admin/queue_gauges.h"

#include "relay/metric_descriptions.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace signpost::admin {

namespace {

double at_least_zero(std::int64_t value) {
  return static_cast<double>(std::max<std::int64_t>(0, value));
}

double age(const queue::Store& store, queue::JobState state, SystemTime now) {
  const auto oldest = store.oldest(state);
  if (!oldest) return 0;
  return std::max(0.0, std::chrono::duration<double>(now - *oldest).count());
}

}  // namespace

void add_queue_gauges(metrics::Registry& registry, const queue::Store& store,
                      const delivery::MemoryCounts& counts, const Clock& clock) {
  const auto stored = [&store](std::uint64_t queue::Totals::* member) {
    return static_cast<std::int64_t>(store.totals().*member);
  };
  const auto active = [&store] { return static_cast<std::int64_t>(store.claims().active()); };
  // In the store a job is deferred until its attempt is over; while it is claimed, it counts as
  // ready or active.
  registry.add_gauge(
      relay::metric::kQueueMessages, {{"state", "ready"}}, [&counts, stored, active] {
        return at_least_zero(stored(&queue::Totals::ready) + counts.deferred.load() - active());
      });
  registry.add_gauge(relay::metric::kQueueMessages, {{"state", "active"}},
                     [active] { return at_least_zero(active()); });
  registry.add_gauge(relay::metric::kQueueMessages, {{"state", "deferred"}}, [&counts, stored] {
    return at_least_zero(stored(&queue::Totals::deferred) - counts.deferred.load());
  });
  registry.add_gauge(relay::metric::kQueueMessages, {{"state", "held"}},
                     [stored] { return at_least_zero(stored(&queue::Totals::held)); });
  registry.add_gauge(relay::metric::kQueueRecipients, {},
                     [stored] { return at_least_zero(stored(&queue::Totals::recipients)); });
  for (const auto& [name, state] : {std::pair{"ready", queue::JobState::Ready},
                                    std::pair{"deferred", queue::JobState::Deferred},
                                    std::pair{"held", queue::JobState::Held}}) {
    registry.add_gauge(relay::metric::kQueueOldest, {{"state", name}},
                       [&store, &clock, state] { return age(store, state, clock.system_now()); });
  }
}

}  // namespace signpost::admin
