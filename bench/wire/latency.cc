#include "bench/wire/latency.h"

#include "bench/wire/log_buckets.h"

#include <algorithm>
#include <cmath>

namespace signpost::bench {

void Latency::record(std::chrono::nanoseconds duration) {
  duration = std::max(duration, std::chrono::nanoseconds(0));
  const auto bucket = log_buckets::bucket_of<kSteps>(static_cast<std::uint64_t>(duration.count()));
  ++buckets_[std::min(bucket, buckets_.size() - 1)];
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
      return std::min(max_, std::chrono::nanoseconds(log_buckets::upper_bound<kSteps>(i)));
    }
  }
  return max_;
}

}  // namespace signpost::bench
