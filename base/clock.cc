#include "base/clock.h"

namespace signpost {

namespace {

class RealClock final : public Clock {
 public:
  SystemTime system_now() const override { return signpost::system_now(); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  SystemTime schedule_now() const override { return schedule_.at(system_now(), steady_now()); }

 private:
  mutable ScheduleClock schedule_;
};

constexpr std::chrono::microseconds kFarAhead = std::chrono::hours(24);

std::int64_t microseconds(auto time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace

SystemTime ScheduleClock::at(SystemTime system, SteadyTime steady) {
  const std::int64_t seen = microseconds(system) - microseconds(steady);
  std::int64_t offset = offset_.load(std::memory_order_relaxed);
  while (offset < seen || offset - seen > kFarAhead.count()) {
    if (offset_.compare_exchange_weak(offset, seen, std::memory_order_relaxed)) offset = seen;
  }
  return SystemTime(std::chrono::microseconds(microseconds(steady) + offset));
}

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace signpost
