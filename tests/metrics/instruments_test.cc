#include "metrics/instruments.h"

#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>
#include <vector>

namespace signpost::metrics {
namespace {

TEST(Counter, CountsWhatItsOwnerAdds) {
  Registry registry;
  Counter counter(registry, {"signpost_things_total", "Things."});
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
}

TEST(SharedCounter, LosesNothingBetweenThreads) {
  Registry registry;
  SharedCounter counter(registry, {"signpost_things_total", "Things."});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000u);
}

TEST(Gauge, GoesUpDownAndBelowZero) {
  Registry registry;
  Gauge gauge(registry, {"signpost_level", "A level."});
  gauge.add(3);
  gauge.add(-5);
  EXPECT_EQ(gauge.value(), -2);
  gauge.set(7);
  EXPECT_EQ(gauge.value(), 7);
}

TEST(Histogram, PutsABoundIntoItsOwnBucketAndTheRestIntoTheLast) {
  Registry registry;
  constexpr std::array kBounds = {1.0, 2.0, 4.0};
  Histogram histogram(registry, {"signpost_sizes", "Sizes."}, kBounds);
  for (const double value : {0.5, 1.0, 1.5, 4.0, 4.1}) histogram.observe(value);
  histogram.observe(2.0, 10);
  EXPECT_EQ(histogram.bucket(0), 2u);
  EXPECT_EQ(histogram.bucket(1), 11u);
  EXPECT_EQ(histogram.bucket(2), 1u);
  EXPECT_EQ(histogram.bucket(3), 1u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 31.1);
}

TEST(Histogram, SharedBoundsRiseStrictlyAndFit) {
  for (const auto bounds : {latency_bounds(), long_latency_bounds(), size_bounds()}) {
    EXPECT_LE(bounds.size(), Histogram::kMaxBounds);
    EXPECT_EQ(std::ranges::adjacent_find(bounds, std::greater_equal{}), bounds.end());
  }
  EXPECT_EQ(latency_bounds().front(), 0.0001);
  EXPECT_EQ(latency_bounds().back(), 30);
  EXPECT_EQ(long_latency_bounds().front(), 0.005);
  EXPECT_EQ(long_latency_bounds().back(), 5 * 86'400);
  EXPECT_EQ(size_bounds().back(), 1024);
}

}  // namespace
}  // namespace signpost::metrics
