// Counters, gauges and histograms for the hot path: one writer each, read by the scrape.
//
// Every worker owns its own instruments and writes them without a lock prefix; the registry adds
// those of one name and label set up when somebody scrapes (registry.h). Shared writers use the
// Shared… kinds.
#pragma once

#include "metrics/description.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace signpost::metrics {

class Registry;

// Registered for as long as it lives; neither copied nor moved.
class Counter {
 public:
  Counter(Registry& registry, const Description& description, Labels labels = {});
  ~Counter();
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  // The owning thread only.
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
  Registry& registry_;
};

// A counter that any thread may add to.
class SharedCounter {
 public:
  SharedCounter(Registry& registry, const Description& description, Labels labels = {});
  ~SharedCounter();
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;

  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
  Registry& registry_;
};

// A level. Any thread may add(); levels of one name and label set are added up.
class Gauge {
 public:
  Gauge(Registry& registry, const Description& description, Labels labels = {});
  ~Gauge();
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
  Registry& registry_;
};

// Observations in buckets with fixed upper bounds. The owning thread only.
class Histogram {
 public:
  // `bounds` in rising order, at most kMaxBounds; they must outlive the histogram.
  static constexpr std::size_t kMaxBounds = 24;
  Histogram(Registry& registry, const Description& description, std::span<const double> bounds,
            Labels labels = {});
  ~Histogram();
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void observe(double value, std::uint64_t times = 1) noexcept;

  std::span<const double> bounds() const { return bounds_; }
  // Not cumulative; the last one counts values above all bounds.
  std::uint64_t bucket(std::size_t i) const noexcept {
    return buckets_[i].load(std::memory_order_relaxed);
  }
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  std::span<const double> bounds_;
  std::array<std::atomic<std::uint64_t>, kMaxBounds + 1> buckets_{};
  std::atomic<double> sum_{0};
  Registry& registry_;
};

// 0.1 ms to 30 s, and 1 to 1024: bounds for waits and for group sizes.
std::span<const double> latency_bounds();
std::span<const double> long_latency_bounds();  // 5 ms to 5 days, for acceptance to delivery
std::span<const double> size_bounds();
std::span<const double> attempt_bounds();  // 1 to 50

}  // namespace signpost::metrics
