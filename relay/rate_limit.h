// How often something may happen: a token bucket.
#pragma once

#include "base/clock.h"
#include "config/config.h"

#include <cstddef>
#include <optional>

namespace signpost::relay {

using config::Rate;

// Pure: time comes from the caller. Holds the tokens of one second, at least one: in any minute
// there are at most that many more than the limit.
class RateLimit {
 public:
  void set(const std::optional<Rate>& rate, SteadyTime now);  // nothing: no limit

  // It happens now. False: not yet, `next()` says when.
  bool take(SteadyTime now);
  void give_back() { tokens_ += 1; }      // what was taken did not happen
  std::size_t available(SteadyTime now);  // how often it may happen now
  // When the next token is there; `now` if one is.
  SteadyTime next(SteadyTime now);

 private:
  void refill(SteadyTime now);
  double per_second() const;
  double capacity() const;

  std::optional<Rate> rate_;
  double tokens_ = 0;
  SteadyTime refilled_{};
};

}  // namespace signpost::relay
