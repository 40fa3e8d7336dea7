#include "relay/rate_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace signpost::relay {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

RateLimit limit(std::uint32_t count, seconds per) {
  RateLimit made;
  made.set(Rate{count, per}, kStart);
  made.fill(kStart);
  return made;
}

TEST(RateLimit, WithoutARateEverythingGoes) {
  RateLimit none;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(none.take(kStart));
  EXPECT_EQ(none.next(kStart), kStart);
}

TEST(RateLimit, HoldsTheTokensOfOneSecondAndNoMore) {
  RateLimit rate = limit(10, seconds(1));
  const SteadyTime later = kStart + seconds(100);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(later)) << i;
  EXPECT_FALSE(rate.take(later));
}

TEST(RateLimit, HoldsOneTokenWhenTheRateIsSlow) {
  RateLimit rate = limit(6, seconds(60));
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_FALSE(rate.take(kStart));
  EXPECT_FALSE(rate.take(kStart + seconds(9)));
  EXPECT_TRUE(rate.take(kStart + milliseconds(10'001)));
}

TEST(RateLimit, TheTokenIsThereWhenNextSaysSo) {
  for (const Rate& rate : {Rate{1, seconds(1)}, Rate{7, seconds(60)}, Rate{3, seconds(3600)},
                           Rate{9999, seconds(1)}}) {
    RateLimit tested;
    tested.set(rate, kStart);
    SteadyTime now = kStart;
    for (int i = 0; i < 20'000; ++i) {
      now = tested.next(now);
      ASSERT_TRUE(tested.take(now)) << rate.count << " per " << rate.per.count() << " s, " << i;
    }
  }
}

TEST(RateLimit, NextIsNowWhileATokenIsThere) {
  RateLimit rate = limit(2, seconds(1));
  EXPECT_EQ(rate.next(kStart), kStart);
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_EQ(rate.next(kStart), kStart);
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_GT(rate.next(kStart), kStart + milliseconds(499));
  EXPECT_LT(rate.next(kStart), kStart + milliseconds(501));
}

TEST(RateLimit, NeverLetsMoreThroughThanItsRateAndOneSecond) {
  std::mt19937 random(7);
  for (const Rate& rate : {Rate{5, seconds(1)}, Rate{100, seconds(60)}, Rate{20, seconds(3)}}) {
    RateLimit tested;
    tested.set(rate, kStart);
    SteadyTime now = kStart;
    double passed = 0;
    while (now < kStart + seconds(300)) {
      passed += tested.take(now) ? 1 : 0;
      now += microseconds(random() % 100'000);
    }
    const double per_second =
        static_cast<double>(rate.count) / static_cast<double>(rate.per.count());
    EXPECT_LE(passed, 300 * per_second + std::max(1.0, per_second));
    EXPECT_GE(passed, 300 * per_second * 0.95) << "and it is used";
  }
}

TEST(RateLimit, SaysHowManyMayGoNow) {
  RateLimit rate = limit(3, seconds(1));
  EXPECT_EQ(rate.available(kStart), 3u);
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_EQ(rate.available(kStart), 2u);
  EXPECT_EQ(rate.available(kStart + seconds(9)), 3u);
}

TEST(RateLimit, TokensGivenBackAreNotCounted) {
  RateLimit rate = limit(1, seconds(60));
  EXPECT_TRUE(rate.take(kStart));
  rate.give_back();
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_FALSE(rate.take(kStart));
}

TEST(RateLimit, BeginsWithOneTokenWhateverTheRate) {
  RateLimit rate;
  rate.set(Rate{50, seconds(1)}, kStart);
  EXPECT_EQ(rate.available(kStart), 1u);
  EXPECT_FALSE(rate.is_full(kStart));
  std::size_t first_second = 0;
  for (SteadyTime now = kStart; now < kStart + seconds(1); now += milliseconds(1)) {
    first_second += rate.take(now) ? 1 : 0;
  }
  EXPECT_LE(first_second, 50u);
  EXPECT_GE(first_second, 49u);
}

TEST(RateLimit, WhatCountsAsManyGoesWithOneTokenAndTheNextComesLater) {
  RateLimit rate = limit(1, seconds(1));
  EXPECT_TRUE(rate.take(kStart, 4));
  EXPECT_GE(rate.next(kStart + seconds(1)), kStart + seconds(4));
  EXPECT_LE(rate.next(kStart + seconds(1)), kStart + seconds(4) + microseconds(2));
  EXPECT_EQ(rate.available(kStart + seconds(3)), 0u);
  EXPECT_FALSE(rate.take(kStart + milliseconds(3999)));
  EXPECT_TRUE(rate.take(kStart + seconds(4) + microseconds(2), 2));
  rate.give_back(2);
  EXPECT_TRUE(rate.take(kStart + seconds(5)));
}

TEST(RateLimit, IsFullAfterAQuietTimeOnly) {
  RateLimit rate = limit(6, seconds(60));
  EXPECT_TRUE(rate.is_full(kStart));
  EXPECT_TRUE(rate.take(kStart));
  EXPECT_FALSE(rate.is_full(kStart + seconds(9)));
  EXPECT_TRUE(rate.is_full(kStart + milliseconds(10'001)));
}

TEST(RateLimit, AChangedRateKeepsWhatIsLeftUpToOneToken) {
  RateLimit rate = limit(100, seconds(1));
  rate.set(Rate{200, seconds(1)}, kStart);
  EXPECT_EQ(rate.available(kStart), 1u) << "a reload gives no burst";
  EXPECT_TRUE(rate.take(kStart, 5));
  rate.set(Rate{2, seconds(1)}, kStart);
  EXPECT_FALSE(rate.take(kStart + seconds(2)));
  EXPECT_TRUE(rate.take(kStart + milliseconds(2501)));
}

TEST(RateLimit, TheSameRateSetAgainGivesNoTokens) {
  RateLimit rate = limit(1, seconds(60));
  EXPECT_TRUE(rate.take(kStart));
  rate.set(Rate{1, seconds(60)}, kStart);
  EXPECT_FALSE(rate.take(kStart));
  rate.set(std::nullopt, kStart);
  EXPECT_TRUE(rate.take(kStart));
}

}  // namespace
}  // namespace signpost::relay
