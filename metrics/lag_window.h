// How late something that is due again and again comes: an event loop's turn, for instance.
#pragma once

#include "base/clock.h"

#include <atomic>
#include <chrono>

namespace signpost::metrics {

// The longest lag of late. One thread writes, any reads.
class LagWindow {
 public:
  static constexpr std::chrono::seconds kHalf{15};

  void expect(SteadyTime due) { due_.store(due, std::memory_order_relaxed); }
  void came(SteadyTime now);  // what was expected
  // Of the last one to two halves. What is overdue counts while it lasts: a loop that hangs says
  // nothing by itself.
  std::chrono::duration<double> longest(SteadyTime now) const;

 private:
  std::atomic<SteadyTime> due_{SteadyTime::max()};
  std::atomic<SteadyTime> half_began_{SteadyTime::min()};
  std::atomic<SteadyTime::duration> this_half_{SteadyTime::duration::zero()};
  std::atomic<SteadyTime::duration> last_half_{SteadyTime::duration::zero()};
};

}  // namespace signpost::metrics
