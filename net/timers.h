// Delays without an object of their own: "run this in a second".
#pragma once

#include "net/loop.h"
#include "net/timer.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace signpost::net {

// The loop's thread only.
class Timers {
 public:
  explicit Timers(Loop& loop) : loop_(loop) {}

  // Runs `task` once after `delay`, unless the Timers are gone by then.
  void after(std::chrono::milliseconds delay, Task task);
  void clear() { timers_.clear(); }  // none of those that wait will run

 private:
  Loop& loop_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, std::unique_ptr<Timer>> timers_;
};

}  // namespace signpost::net
