// How many jobs are stored, and since when: kept by the writing thread, read by any.
#pragma once

#include "base/clock.h"
#include "queue/store.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

namespace signpost::rocks {

class Tally {
 public:
  // A change of the counts.
  struct Delta {
    std::array<std::int64_t, 3> jobs{};  // by JobState
    std::int64_t recipients = 0;
  };

  Tally(const queue::Totals& totals, SystemTime first)
      : jobs_{totals.ready, totals.deferred, totals.held},
        recipients_(totals.recipients),
        first_(first) {}

  void add(const Delta& delta) {
    for (std::size_t state = 0; state < jobs_.size(); ++state) {
      jobs_[state].fetch_add(static_cast<std::uint64_t>(delta.jobs[state]),
                             std::memory_order_relaxed);
    }
    recipients_.fetch_add(static_cast<std::uint64_t>(delta.recipients), std::memory_order_relaxed);
  }

  std::uint64_t count(queue::JobState state) const {
    return jobs_[std::to_underlying(state)].load(std::memory_order_relaxed);
  }

  queue::Totals totals() const {
    return {.ready = count(queue::JobState::Ready),
            .deferred = count(queue::JobState::Deferred),
            .held = count(queue::JobState::Held),
            .recipients = recipients_.load(std::memory_order_relaxed)};
  }

  // No job of a message accepted before first() is stored: a scan that begins there need not walk
  // over rows removed since the last flush.
  SystemTime first() const { return first_.load(std::memory_order_relaxed); }
  void lower_first(SystemTime time) {
    SystemTime first = first_.load(std::memory_order_relaxed);
    while (time < first && !first_.compare_exchange_weak(first, time)) {
    }
  }
  // Nothing is stored before `time`. Does nothing when first() is no longer `seen`.
  void raise_first(SystemTime seen, SystemTime time) { first_.compare_exchange_strong(seen, time); }

 private:
  std::array<std::atomic<std::uint64_t>, 3> jobs_;
  std::atomic<std::uint64_t> recipients_;
  std::atomic<SystemTime> first_;
};

}  // namespace signpost::rocks
