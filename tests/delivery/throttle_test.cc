#include "delivery/throttle.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(Throttle, IsWholeAtFirst) {
  const Throttle throttle;
  EXPECT_EQ(throttle.share(kStart), Throttle::kWhole);
  EXPECT_TRUE(throttle.is_whole(kStart));
}

TEST(Throttle, EachReplyHalvesIt) {
  Throttle throttle;
  EXPECT_TRUE(throttle.reduce(kStart, kStart));
  EXPECT_EQ(throttle.share(kStart), 32u);
  EXPECT_TRUE(throttle.reduce(kStart + seconds(1), kStart + seconds(2)));
  EXPECT_EQ(throttle.share(kStart + seconds(2)), 16u);
}

TEST(Throttle, WhatBeganBeforeTheLastReplySaysNothingNew) {
  Throttle throttle;
  EXPECT_TRUE(throttle.reduce(kStart, kStart + seconds(10)));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(throttle.reduce(kStart + seconds(i) / 2, kStart + seconds(11 + i)));
  }
  EXPECT_EQ(throttle.share(kStart + seconds(31)), 32u);
}

TEST(Throttle, GoesNoLowerThanA64th) {
  Throttle throttle;
  for (int i = 0; i < 100; ++i) throttle.reduce(kStart + seconds(i), kStart + seconds(i));
  EXPECT_EQ(throttle.share(kStart + seconds(100)), 1u);
}

TEST(Throttle, AMinuteWithoutAReplyGivesAnEighthBack) {
  Throttle throttle;
  throttle.reduce(kStart, kStart);
  EXPECT_EQ(throttle.share(kStart + seconds(59)), 32u);
  EXPECT_EQ(throttle.share(kStart + seconds(60)), 40u);
  EXPECT_EQ(throttle.share(kStart + minutes(3)), 56u);
  EXPECT_FALSE(throttle.is_whole(kStart + minutes(3)));
  EXPECT_EQ(throttle.share(kStart + minutes(4)), 64u);
  EXPECT_EQ(throttle.share(kStart + std::chrono::hours(1000)), 64u);
}

TEST(Throttle, AReplyHalvesWhatWasGivenBack) {
  Throttle throttle;
  throttle.reduce(kStart, kStart);
  throttle.reduce(kStart + minutes(2), kStart + minutes(2));  // 48 by then
  EXPECT_EQ(throttle.share(kStart + minutes(2)), 24u);
  EXPECT_TRUE(throttle.reduce(kStart + std::chrono::hours(2), kStart + std::chrono::hours(2)));
  EXPECT_EQ(throttle.share(kStart + std::chrono::hours(2)), 32u);
}

// A reply about what began before an earlier one was heeded counts again once all was given back.
TEST(Throttle, ALateReplyAfterFullRecoveryCounts) {
  Throttle throttle;
  throttle.reduce(kStart, kStart);
  EXPECT_FALSE(throttle.reduce(kStart - seconds(1), kStart + minutes(3)));
  EXPECT_EQ(throttle.share(kStart + minutes(3)), 56u);
}

}  // namespace
}  // namespace signpost::delivery
