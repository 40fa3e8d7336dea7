// The two times that Signpost knows: calendar time for headers and schedules that survive a
// restart, and steady time for everything that waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace signpost {

using SystemTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Any thread. Code with a schedule takes a Clock so that its tests can set the time
// (tests/support/manual_clock.h); code that only stamps an event may call system_now().
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SystemTime system_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

inline SystemTime system_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

const Clock& real_clock();

// Calendar time for schedules, which must not stand still for an hour because somebody set the
// clock back: it follows the system's clock when that goes ahead, and runs on when it goes back by
// up to a day. What goes back further was far ahead before, and wrong: then it follows too. Any
// thread.
class ScheduleClock {
 public:
  SystemTime at(SystemTime system, SteadyTime steady);

 private:
  // What to add to steady time; the least number: nothing was asked yet.
  std::atomic<std::int64_t> offset_{std::numeric_limits<std::int64_t>::min()};
};

SystemTime schedule_now();

}  // namespace signpost
