// A clock that stands still until a test moves it.
#pragma once

#include "base/clock.h"

#include <chrono>

namespace signpost::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(SystemTime start = SystemTime(std::chrono::seconds(1'700'000'000)))
      : system_(start) {}

  SystemTime system_now() const override { return system_; }
  SteadyTime steady_now() const override { return steady_; }

  // Time passes, for both.
  void advance(std::chrono::microseconds by) {
    system_ += by;
    steady_ += by;
  }
  // Somebody sets the calendar: steady time does not care.
  void set(SystemTime system) { system_ = system; }

 private:
  SystemTime system_;
  SteadyTime steady_{std::chrono::hours(1)};
};

}  // namespace signpost::test
