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

// Any thread. Code that decides by the time takes a Clock, so that its tests can set the time
// (tests/support/manual_clock.h); code that only stamps an event may call the function
// system_now().
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SystemTime system_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  // For due times: does not stand still when the clock is set back (ScheduleClock).
  virtual SystemTime schedule_now() const = 0;
};

inline SystemTime system_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

const Clock& real_clock();

// Calendar time for schedules, which must not stand still for an hour because the clock was set
// back by one. Follows the system's clock when that jumps ahead, and keeps running when it jumps
// back by up to a day. A clock that jumps back further was far ahead, and wrong: then this follows
// it too. Any thread.
class ScheduleClock {
 public:
  SystemTime at(SystemTime system, SteadyTime steady);

 private:
  // What to add to steady time; the least number: nothing was asked yet.
  std::atomic<std::int64_t> offset_{std::numeric_limits<std::int64_t>::min()};
};

}  // namespace signpost
