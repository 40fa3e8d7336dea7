#include "dns/server_order.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::size_t>;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(ServerOrder, IsTheConfiguredOneAtFirst) {
  ServerOrder order(3);
  EXPECT_EQ(order.for_next_question(kStart), (Order{0, 1, 2}));
}

TEST(ServerOrder, ASilentServerIsAskedLast) {
  ServerOrder order(3);
  order.silent(0, kStart, kStart + 5s);
  EXPECT_EQ(order.for_next_question(kStart + 5s), (Order{1, 2, 0}));
  EXPECT_EQ(order.for_next_question(kStart + 30s), (Order{1, 2, 0}));
}

TEST(ServerOrder, OneQuestionNowAndThenChecksWhetherItIsBack) {
  ServerOrder order(2);
  order.silent(0, kStart, kStart);
  const SteadyTime later = kStart + ServerOrder::kProbeInterval;
  EXPECT_EQ(order.for_next_question(later), (Order{0, 1})) << "the probe";
  EXPECT_EQ(order.for_next_question(later), (Order{1, 0})) << "the others do not wait for it";
  order.answered(0, later + 1s);
  EXPECT_EQ(order.for_next_question(later + 1s), (Order{0, 1}));
}

TEST(ServerOrder, ALostDatagramIsNotSilence) {
  ServerOrder order(2);
  order.answered(0, kStart + 1s);
  order.silent(0, kStart, kStart + 5s);
  EXPECT_EQ(order.for_next_question(kStart + 5s), (Order{0, 1}));
}

TEST(ServerOrder, WhenAllAreSilentTheyAreAskedAsConfigured) {
  ServerOrder order(3);
  for (std::size_t i = 0; i < 3; ++i) order.silent(2 - i, kStart, kStart);
  EXPECT_EQ(order.for_next_question(kStart), (Order{0, 1, 2}));
}

}  // namespace
}  // namespace signpost::dns
