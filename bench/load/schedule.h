// Which message is sent next, and when: shared by all threads of signpost-load.
#pragma once

#include "bench/wire/poller.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace signpost::bench {

// Any thread.
class Schedule {
 public:
  // `rate` 0: every message is due at once (closed loop). Else message n is due n / rate seconds
  // after `start`, whether or not the ones before it were answered (open loop).
  Schedule(std::uint64_t messages, double rate, Clock::time_point start)
      : messages_(messages), rate_(rate), start_(start) {}

  struct Slot {
    std::uint64_t number = 0;
    Clock::time_point
        due;  // of an open loop: latency counts from here, so that a stall is not hidden
  };
  // Claims the next message for the caller; nothing when all are claimed.
  std::optional<Slot> claim();

  bool open_loop() const { return rate_ > 0; }
  std::uint64_t messages() const { return messages_; }

 private:
  const std::uint64_t messages_;
  const double rate_;
  const Clock::time_point start_;
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace signpost::bench
