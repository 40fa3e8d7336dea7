// A time in which signpost-sink takes nothing: so many replies, or so long.
#pragma once

#include "base/mutex.h"
#include "bench/wire/poller.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace signpost::bench {

struct BusyTime {
  std::uint64_t after = 0;     // begins when so many messages are accepted
  std::uint64_t replies = 0;   // ends with so many 421
  Clock::duration duration{};  // and not before so long after the first one
};

// Any thread.
class Busy {
 public:
  explicit Busy(const BusyTime& time) : time_(time) {}

  // Whether who asks now gets 421.
  bool turns_away(std::uint64_t accepted, Clock::time_point now);

 private:
  const BusyTime time_;
  Mutex mutex_;
  std::uint64_t replies_ GUARDED_BY(mutex_) = 0;
  std::optional<Clock::time_point> began_ GUARDED_BY(mutex_);
};

}  // namespace signpost::bench
