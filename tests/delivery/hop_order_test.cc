#include "delivery/hop_order.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace signpost::delivery {
namespace {

using Order = std::vector<std::size_t>;

std::vector<RouteHop> hops(const std::vector<std::uint32_t>& weights) {
  std::vector<RouteHop> all;
  for (const std::uint32_t weight : weights) all.emplace_back().to.weight = weight;
  return all;
}

// With these throws, one after the other.
Order order(const std::vector<std::uint32_t>& weights, std::vector<double> throws) {
  std::size_t next = 0;
  return order_of(hops(weights), [&] { return throws.at(next++); });
}

TEST(HopOrder, EachPlaceIsDrawnByTheWeightsThatAreLeft) {
  EXPECT_EQ(order({1, 3}, {0.0, 0.0}), (Order{0, 1}));
  EXPECT_EQ(order({1, 3}, {0.24, 0.0}), (Order{0, 1}));
  EXPECT_EQ(order({1, 3}, {0.25, 0.0}), (Order{1, 0}));
  EXPECT_EQ(order({1, 3}, {0.99, 0.0}), (Order{1, 0}));
  EXPECT_EQ(order({1, 2, 1}, {0.5, 0.6, 0.0}), (Order{1, 2, 0}));
}

TEST(HopOrder, WithoutAWeightItComesLast) {
  EXPECT_EQ(order({0, 1, 0, 2}, {0.9, 0.5}), (Order{3, 1, 0, 2}));
  EXPECT_EQ(order({1}, {0.7}), Order{0});
  EXPECT_EQ(order({}, {}), Order{});
}

TEST(HopOrder, InTheLongRunEachHasItsShare) {
  std::vector<int> firsts(3);
  for (int i = 0; i < 1000; ++i) {
    ++firsts[order({1, 3, 6}, {i / 1000.0, 0.0, 0.0}).front()];
  }
  EXPECT_EQ(firsts, (std::vector<int>{100, 300, 600}));
}

}  // namespace
}  // namespace signpost::delivery
