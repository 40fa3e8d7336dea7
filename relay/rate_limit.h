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
  // Nothing: no limit. A new limit begins with one token, since nothing is known of what went
  // before. A changed one keeps the tokens that are left, up to one.
  void set(const std::optional<Rate>& rate, SteadyTime now);
  void fill(SteadyTime now);  // as after a quiet time

  // It happens now. False: not yet, `next()` says when. One token is enough even if it counts as
  // many; the next one then comes that much later.
  bool take(SteadyTime now, std::size_t count = 1);
  void give_back(std::size_t count = 1);  // what was taken did not happen
  bool is_full(SteadyTime now);           // a newly made limit would let no less through
  std::size_t available(SteadyTime now);  // how often it may happen now
  // When the next token beside so many is there; `now` if it is.
  SteadyTime next(SteadyTime now, std::size_t beside = 0);

 private:
  void refill(SteadyTime now);
  double per_second() const;
  double capacity() const;

  std::optional<Rate> rate_;
  double tokens_ = 0;
  SteadyTime refilled_{};
};

}  // namespace signpost::relay
