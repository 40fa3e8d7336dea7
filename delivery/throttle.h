// How much of what a receiver may be sent is used after it has said that it is too much.
#pragma once

#include "base/clock.h"

#include <chrono>

namespace signpost::delivery {

// Pure: time comes from the caller. Each reply that asks for less halves the share, down to a
// 64th; a minute without one gives an eighth of the whole back.
class Throttle {
 public:
  static constexpr unsigned kWhole = 64;
  static constexpr unsigned kStep = 8;
  static constexpr std::chrono::seconds kPause{60};

  // The receiver asks for less. False: it says once more what has been heeded already, to
  // something that had begun by then, at `began`.
  bool reduce(SteadyTime began, SteadyTime now);
  unsigned share(SteadyTime now) const;  // of kWhole, at least 1
  bool is_whole(SteadyTime now) const { return share(now) == kWhole; }

 private:
  unsigned share_ = kWhole;  // at reduced_
  SteadyTime reduced_{};
};

}  // namespace signpost::delivery
