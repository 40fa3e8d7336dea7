// How late a periodic event comes: an event loop's turn, for instance.
#pragma once

#include "base/clock.h"

#include <atomic>
#include <chrono>

namespace signpost::metrics {

// The longest recent lag. One thread writes, any reads.
class LagWindow {
 public:
  static constexpr std::chrono::seconds kHalf{15};

  void expect(SteadyTime due) { due_.store(due, std::memory_order_relaxed); }
  void came(SteadyTime now);  // the expected event
  // Of the last one to two halves. An overdue event counts while it lasts: a hanging loop reports
  // nothing itself.
  std::chrono::duration<double> longest(SteadyTime now) const;

 private:
  std::atomic<SteadyTime> due_{SteadyTime::max()};
  std::atomic<SteadyTime> half_began_{SteadyTime::min()};
  std::atomic<SteadyTime::duration> this_half_{SteadyTime::duration::zero()};
  std::atomic<SteadyTime::duration> last_half_{SteadyTime::duration::zero()};
};

}  // namespace signpost::metrics
