// Bounds the log lines that clients cause without getting anywhere.
#pragma once

#include "base/clock.h"
#include "relay/rate_limit.h"

#include <cstdint>
#include <utility>

namespace signpost::submission {

// One per worker, its thread only.
class LineBudget {
 public:
  explicit LineBudget(const Clock& clock) : clock_(clock) { rate_.set(kLines, clock.steady_now()); }

  // Whether a line may be written now. If not, it is counted as left out.
  bool take() {
    if (rate_.take(clock_.steady_now())) return true;
    leave_out();
    return false;
  }
  void leave_out() { ++left_out_; }
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }  // since the last call

 private:
  static constexpr relay::Rate kLines{200, std::chrono::seconds(1)};

  const Clock& clock_;
  relay::RateLimit rate_;
  std::uint64_t left_out_ = 0;
};

}  // namespace signpost::submission
