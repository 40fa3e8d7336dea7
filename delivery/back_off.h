// When a receiver whose connections fail is tried again.
#pragma once

#include "base/clock.h"
#include "delivery/disposition.h"

#include <chrono>

namespace signpost::delivery {

// Pure: time and chance come from the caller. While tries fail, one at a time is enough to find
// out whether the other side is back. Each wait is stretched by up to a quarter so that many do not
// fall into step, and none is longer than five minutes.
class BackOff {
 public:
  // Waits double from `first` to `steady`. From then on a wait is a sixteenth of the time for which
  // the trouble has lasted, if that is longer.
  struct Pace {
    std::chrono::milliseconds first;
    std::chrono::milliseconds steady;
  };
  // A connection costs a receiver that is down nothing, and all of its mail waits for it: 1 s, 2 s,
  // 4 s, 4 s, …, so that it is found within 5 s of its return if it was away for a minute.
  static constexpr Pace kConnections{std::chrono::seconds(1), std::chrono::seconds(4)};
  // Thousands of domains may depend on one name server in trouble: 5 s, 10 s, 20 s, …
  static constexpr Pace kLookUps{std::chrono::seconds(5), std::chrono::minutes(5)};

  explicit BackOff(const Pace& pace) : pace_(pace) {}

  // A try begun at `began` failed. Tries under way together fail together: false when this one
  // began before the last failure was known, so that it is the same failure.
  // `fraction` in [0, 1) is random.
  bool failed(Disposition why, SteadyTime began, SteadyTime now, double fraction);
  // `other`, which is that of the same receiver, has failed: the next try is for both. While this
  // one fails itself.
  void fails_with(const BackOff& other);
  void succeeded();  // the receiver works
  void forgive();    // an operator wants it tried now

  bool failing() const { return failures_ > 0; }
  bool may_try(SteadyTime now) const { return now >= not_before_; }
  SteadyTime not_before() const { return not_before_; }
  unsigned failures() const { return failures_; }  // in a row
  const Disposition& why() const { return why_; }  // of the last failure

 private:
  Pace pace_;
  unsigned failures_ = 0;
  SteadyTime first_{};  // when the first of them was known
  SteadyTime last_{};   // and the last
  SteadyTime not_before_{};
  Disposition why_;
};

}  // namespace signpost::delivery
