// Bounds the log lines that unsuccessful clients cause.
#pragma once

#include "base/clock.h"
#include "relay/rate_limit.h"

#include <cstdint>
#include <utility>

namespace signpost::submission {

// One per worker, its thread only.
class LineBudget {
 public:
  explicit LineBudget(const Clock& clock) : clock_(clock) {
    refusals_.set(kLines, clock.steady_now());
    logins_.set(kLines, clock.steady_now());
    refusals_.fill(clock.steady_now());
    logins_.fill(clock.steady_now());
  }

  // Whether a line may be written now. If not, it is counted as left out. Failed logins do not
  // compete with the rest: they reveal guessers.
  bool take() { return take_from(refusals_); }
  bool take_login() { return take_from(logins_); }
  void leave_out() { ++left_out_; }
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }  // since the last call

 private:
  static constexpr relay::Rate kLines{200, std::chrono::seconds(1)};

  bool take_from(relay::RateLimit& rate) {
    if (rate.take(clock_.steady_now())) return true;
    leave_out();
    return false;
  }

  const Clock& clock_;
  relay::RateLimit refusals_;
  relay::RateLimit logins_;
  std::uint64_t left_out_ = 0;
};

}  // namespace signpost::submission
