// When a receiver whose connections fail is tried again.
#pragma once

#include "base/clock.h"
#include "delivery/disposition.h"

namespace signpost::delivery {

// Pure: time and chance come from the caller. While connections fail, one at a time is enough to
// find out whether the receiver is back: after 5 s, 10 s, 20 s, …, at least every five minutes,
// each wait stretched by up to a half so that receivers do not march in step.
class BackOff {
 public:
  // A connection that began at `began` did not become ready. Connections that were under way
  // together fail together: what began before the last failure was known counts as the same one.
  // `fraction` in [0, 1) is the dice.
  void failed(Disposition why, SteadyTime began, SteadyTime now, double fraction);
  void succeeded();  // the receiver is well
  void forgive();    // an operator wants it tried now

  bool failing() const { return failures_ > 0; }
  bool may_try(SteadyTime now) const { return now >= not_before_; }
  SteadyTime not_before() const { return not_before_; }
  unsigned failures() const { return failures_; }  // in a row
  const Disposition& why() const { return why_; }  // of the last failure

 private:
  unsigned failures_ = 0;
  SteadyTime last_{};  // when the last failure was known
  SteadyTime not_before_{};
  Disposition why_;
};

}  // namespace signpost::delivery
