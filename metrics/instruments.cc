#include "metrics/instruments.h"

#include "base/check.h"
#include "metrics/registry.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace signpost::metrics {

namespace {

template <typename Instrument>
void read_value(const void* instrument, Registry::Sample& total) {
  total.value += static_cast<double>(static_cast<const Instrument*>(instrument)->value());
}

void read_histogram(const void* instrument, Registry::Sample& total) {
  const auto& histogram = *static_cast<const Histogram*>(instrument);
  total.buckets.resize(histogram.bounds().size() + 1);
  for (std::size_t i = 0; i < total.buckets.size(); ++i) total.buckets[i] += histogram.bucket(i);
  total.value += histogram.sum();
}

constexpr double kLatencyBounds[] = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                     0.1,    0.2,    0.5,    1,     2,     5,     10,   30};
constexpr double kLongLatencyBounds[] = {0.005, 0.01, 0.025, 0.05,  0.1,   0.25,   0.5,
                                         1,     2.5,  5,     10,    30,    60,     300,
                                         900,   3600, 14400, 43200, 86400, 172800, 432000};
constexpr double kSizeBounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
constexpr double kAttemptBounds[] = {1, 2, 3, 4, 5, 7, 10, 20, 50};
static_assert(std::size(kLongLatencyBounds) <= Histogram::kMaxBounds);

}  // namespace

Counter::Counter(Registry& registry, const Description& description, Labels labels)
    : registry_(registry) {
  registry_.enroll(description, Registry::Type::Counter, std::move(labels), {}, this,
                   read_value<Counter>);
}
Counter::~Counter() { registry_.retire(this); }

SharedCounter::SharedCounter(Registry& registry, const Description& description, Labels labels)
    : registry_(registry) {
  registry_.enroll(description, Registry::Type::Counter, std::move(labels), {}, this,
                   read_value<SharedCounter>);
}
SharedCounter::~SharedCounter() { registry_.retire(this); }

Gauge::Gauge(Registry& registry, const Description& description, Labels labels)
    : registry_(registry) {
  registry_.enroll(description, Registry::Type::Gauge, std::move(labels), {}, this,
                   read_value<Gauge>);
}
Gauge::~Gauge() { registry_.retire(this); }

Histogram::Histogram(Registry& registry, const Description& description,
                     std::span<const double> bounds, Labels labels)
    : bounds_(bounds), registry_(registry) {
  CHECK(!bounds.empty() && bounds.size() <= kMaxBounds);
  CHECK(std::ranges::adjacent_find(bounds, std::greater_equal{}) == bounds.end());
  registry_.enroll(description, Registry::Type::Histogram, std::move(labels), bounds, this,
                   read_histogram);
}
Histogram::~Histogram() { registry_.retire(this); }

void Histogram::observe(double value, std::uint64_t times) noexcept {
  // An upper bound belongs to its bucket ("le": less or equal).
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
  buckets_[bucket].store(buckets_[bucket].load(std::memory_order_relaxed) + times,
                         std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value * static_cast<double>(times),
             std::memory_order_relaxed);
}

std::span<const double> latency_bounds() { return kLatencyBounds; }
std::span<const double> long_latency_bounds() { return kLongLatencyBounds; }
std::span<const double> size_bounds() { return kSizeBounds; }
std::span<const double> attempt_bounds() { return kAttemptBounds; }

}  // namespace signpost::metrics
