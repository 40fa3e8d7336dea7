// Rate and latency over the time of a run, in memory that does not grow with it.
#pragma once

#include "bench/wire/poller.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace signpost::bench {

// One writer; merge after the writers have stopped. Begins with short intervals; when they become
// too many, each two of them become one.
class Timeline {
 public:
  explicit Timeline(Clock::time_point start) : start_(start) {}

  // `latency`: of the message that was acknowledged then.
  void acknowledged(Clock::time_point when, std::chrono::nanoseconds latency);
  void failed(Clock::time_point when) { ++interval_at(when).failed; }
  void merge(const Timeline& other);

  struct Point {
    std::chrono::nanoseconds from{0};  // since the start
    std::chrono::nanoseconds length{0};
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
    // Zero where nothing was acknowledged; to 13 %, the maximum exactly.
    std::chrono::nanoseconds p50{0};
    std::chrono::nanoseconds p99{0};
    std::chrono::nanoseconds max{0};
  };
  Clock::time_point start() const { return start_; }
  // `end` cuts the last interval short: its rate is that of the time it had.
  std::vector<Point> points(Clock::time_point end) const;

 private:
  static constexpr std::size_t kMaxIntervals = 400;
  static constexpr std::size_t kSteps = 8;  // a power of two, of microseconds
  static constexpr std::size_t kBuckets = kSteps * 32;

  struct Interval {
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
    std::chrono::nanoseconds max{0};
    std::array<std::uint32_t, kBuckets> latencies{};

    void merge(const Interval& other);
    std::chrono::nanoseconds percentile(double share) const;
  };
  Interval& interval_at(Clock::time_point when);
  void halve();

  Clock::time_point start_;
  std::chrono::nanoseconds width_{100'000'000};
  std::vector<Interval> intervals_;
};

}  // namespace signpost::bench
