// A clock that stands still until a test moves it.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <optional>

namespace signpost::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(SystemTime start = SystemTime(std::chrono::seconds(1'700'000'000)))
      : system_(start) {}

  SystemTime system_now() const override { return system_; }
  SteadyTime steady_now() const override { return steady_; }
  SystemTime schedule_now() const override { return schedule_.value_or(system_); }

  // Time passes, for all.
  void advance(std::chrono::microseconds by) {
    system_ += by;
    steady_ += by;
    if (schedule_) *schedule_ += by;
  }
  // The calendar is set; steady time is not affected.
  void set(SystemTime system) { system_ = system; }
  // From now on the time of schedules is not that of the calendar.
  void set_schedule(SystemTime schedule) { schedule_ = schedule; }

 private:
  SystemTime system_;
  SteadyTime steady_{std::chrono::hours(1)};
  std::optional<SystemTime> schedule_;
};

}  // namespace signpost::test
