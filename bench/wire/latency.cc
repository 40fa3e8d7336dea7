#include "bench/wire/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace signpost::bench {

std::size_t Latency::bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < kSteps) return static_cast<std::size_t>(nanoseconds);
  const auto power = static_cast<std::size_t>(std::bit_width(nanoseconds)) - 7;
  const std::size_t bucket = (power + 1) * kSteps + ((nanoseconds >> power) - kSteps);
  return std::min(bucket, kSteps * kPowers - 1);
}

std::uint64_t Latency::upper_bound(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t power = bucket / kSteps - 1;
  return ((std::uint64_t{kSteps} + bucket % kSteps + 1) << power) - 1;
}

void Latency::record(std::chrono::nanoseconds duration) {
  duration = std::max(duration, std::chrono::nanoseconds(0));
  ++buckets_[bucket_of(static_cast<std::uint64_t>(duration.count()))];
  ++count_;
  sum_ += duration;
  max_ = std::max(max_, duration);
}

void Latency::merge(const Latency& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds Latency::mean() const {
  return count_ == 0 ? std::chrono::nanoseconds(0) : sum_ / static_cast<std::int64_t>(count_);
}

std::chrono::nanoseconds Latency::percentile(double share) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min(max_, std::chrono::nanoseconds(upper_bound(i)));
    }
  }
  return max_;
}

}  // namespace signpost::bench
