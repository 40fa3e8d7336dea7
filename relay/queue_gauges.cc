#include "relay/queue_gauges.h"

#include "base/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace signpost::relay {

namespace {

constexpr metrics::Description kMessages = {
    "signpost_queue_messages",
    "Jobs in the queue, one a message and recipient domain: ready (wait for a connection), active "
    "(in a mail transaction), deferred (wait for their next attempt), held. Ready rising: "
    "receivers "
    "are slower than the clients; deferred rising: receivers refuse."};
constexpr metrics::Description kOldest = {"signpost_queue_oldest_seconds",
                                          "Age of the oldest message with a job in this state. "
                                          "Ready above a few minutes: something stands "
                                          "still."};

double at_least_zero(std::int64_t value) {
  return static_cast<double>(std::max<std::int64_t>(0, value));
}

double age(const queue::Store& store, queue::JobState state) {
  const auto oldest = store.oldest(state);
  if (!oldest) return 0;
  return std::max(0.0, std::chrono::duration<double>(system_now() - *oldest).count());
}

}  // namespace

void add_queue_gauges(Relay& relay) {
  const auto stored = [&relay](std::uint64_t queue::Totals::* member) {
    return static_cast<std::int64_t>(relay.store->totals().*member);
  };
  metrics::Registry& registry = relay.registry;
  // The store says deferred until an attempt is over; what is in memory meanwhile is ready or
  // active.
  registry.add_gauge(kMessages, {{"state", "ready"}}, [&relay, stored] {
    return at_least_zero(stored(&queue::Totals::ready) + relay.deferred_in_memory.load() -
                         relay.in_transaction.load());
  });
  registry.add_gauge(kMessages, {{"state", "active"}},
                     [&relay] { return at_least_zero(relay.in_transaction.load()); });
  registry.add_gauge(kMessages, {{"state", "deferred"}}, [&relay, stored] {
    return at_least_zero(stored(&queue::Totals::deferred) - relay.deferred_in_memory.load());
  });
  registry.add_gauge(kMessages, {{"state", "held"}},
                     [stored] { return at_least_zero(stored(&queue::Totals::held)); });
  for (const auto& [name, state] : {std::pair{"ready", queue::JobState::Ready},
                                    std::pair{"deferred", queue::JobState::Deferred},
                                    std::pair{"held", queue::JobState::Held}}) {
    registry.add_gauge(kOldest, {{"state", name}},
                       [&relay, state = state] { return age(*relay.store, state); });
  }
}

}  // namespace signpost::relay
