// Durations counted into logarithmic buckets: percentiles to 1.6 % in constant memory.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace signpost::bench {

// One writer; merge after the writers have stopped.
class Latency {
 public:
  void record(std::chrono::nanoseconds duration);
  void merge(const Latency& other);

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return max_; }
  std::chrono::nanoseconds mean() const;
  // The duration that `share` (0 to 1) of all recorded ones do not exceed, never more than max().
  std::chrono::nanoseconds percentile(double share) const;

 private:
  static constexpr std::size_t kSteps = 64;  // a power of two, see log_buckets.h
  static constexpr std::size_t kPowers = 40;

  std::array<std::uint64_t, kSteps * kPowers> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds max_{0};
};

}  // namespace signpost::bench
