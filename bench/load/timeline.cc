#include "bench/load/timeline.h"

#include "bench/wire/log_buckets.h"

#include <algorithm>
#include <cmath>

namespace signpost::bench {

void Timeline::Interval::merge(const Interval& other) {
  acknowledged += other.acknowledged;
  failed += other.failed;
  max = std::max(max, other.max);
  for (std::size_t i = 0; i < kBuckets; ++i) latencies[i] += other.latencies[i];
}

std::chrono::nanoseconds Timeline::Interval::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(share * static_cast<double>(acknowledged))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += latencies[i];
    if (seen >= wanted) {
      const std::chrono::microseconds upper(log_buckets::upper_bound<kSteps>(i) + 1);
      return std::min<std::chrono::nanoseconds>(max, upper);
    }
  }
  return max;
}

Timeline::Interval& Timeline::interval_at(Clock::time_point when) {
  const auto since = std::max<std::chrono::nanoseconds>(when - start_, {});
  while (since / width_ >= static_cast<std::int64_t>(kMaxIntervals)) halve();
  const auto index = static_cast<std::size_t>(since / width_);
  if (index >= intervals_.size()) intervals_.resize(index + 1);
  return intervals_[index];
}

void Timeline::halve() {
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    if (i % 2 == 1) {
      intervals_[i / 2].merge(intervals_[i]);
    } else if (i > 0) {
      intervals_[i / 2] = intervals_[i];
    }
  }
  intervals_.resize((intervals_.size() + 1) / 2);
  width_ *= 2;
}

void Timeline::acknowledged(Clock::time_point when, std::chrono::nanoseconds latency) {
  latency = std::max(latency, std::chrono::nanoseconds(0));
  Interval& interval = interval_at(when);
  ++interval.acknowledged;
  interval.max = std::max(interval.max, latency);
  const auto microseconds = static_cast<std::uint64_t>(latency.count()) / 1000;
  ++interval.latencies[std::min(log_buckets::bucket_of<kSteps>(microseconds), kBuckets - 1)];
}

void Timeline::merge(const Timeline& other) {
  Timeline theirs = other;
  while (width_ < theirs.width_) halve();
  while (theirs.width_ < width_) theirs.halve();
  intervals_.resize(std::max(intervals_.size(), theirs.intervals_.size()));
  for (std::size_t i = 0; i < theirs.intervals_.size(); ++i) {
    intervals_[i].merge(theirs.intervals_[i]);
  }
}

std::vector<Timeline::Point> Timeline::points(Clock::time_point end) const {
  std::vector<Point> points;
  std::chrono::nanoseconds from{0};
  for (const Interval& interval : intervals_) {
    const auto length = std::min<std::chrono::nanoseconds>(width_, end - start_ - from);
    if (length.count() <= 0) break;
    points.push_back({from, length, interval.acknowledged, interval.failed, {}, {}, interval.max});
    if (interval.acknowledged > 0) {
      points.back().p50 = interval.percentile(0.5);
      points.back().p99 = interval.percentile(0.99);
    }
    from += width_;
  }
  return points;
}

}  // namespace signpost::bench
