// Which message is sent next, and when: shared by all threads of signpost-load.
#pragma once

#include "bench/wire/poller.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace signpost::bench {

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// A time during which messages are due at one rate.
struct Stage {
  std::chrono::nanoseconds length{0};  // 0: as long as there are messages; the last stage only
  double rate = 0;                     // a second; 0: a pause
};

struct Plan {
  std::uint64_t messages = kNoLimit;  // at most
  // Of an open loop: message n is due at its time, whether or not the ones before it were answered.
  // None: a closed loop, in which every message is due at once.
  std::vector<Stage> stages{};
  std::chrono::nanoseconds length{0};  // no message begins later than this; 0: no such limit
};

// Any thread.
class Schedule {
 public:
  Schedule(const Plan& plan, Clock::time_point start);

  struct Slot {
    std::uint64_t number = 0;
    // Of an open loop: latency counts from here, so that a stall is not hidden.
    Clock::time_point due;
  };
  // Claims the next message for the caller; nothing when all are claimed.
  std::optional<Slot> claim();

  // Ends the run as its length does.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }
  // True once nothing may begin any more, not even what is claimed.
  bool over() const {
    return stopped_.load(std::memory_order_relaxed) || (timed_ && Clock::now() >= end_);
  }

  bool open_loop() const { return !stages_.empty(); }
  // True if it is time, not a number of messages, that ends the run.
  bool timed() const { return timed_; }
  // Of a closed loop the limit, of an open one those that the stages have.
  std::uint64_t messages() const { return messages_; }
  Clock::time_point start() const { return start_; }

 private:
  struct NumberedStage {
    std::uint64_t first = 0;  // message
    std::chrono::nanoseconds offset{0};
    double rate = 0;
  };

  const Clock::time_point start_;
  std::vector<NumberedStage> stages_;
  std::uint64_t messages_;
  bool timed_;
  Clock::time_point end_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace signpost::bench
