#include "delivery/allowance.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

Allowance made(std::size_t connections, const std::optional<relay::Rate>& rate = {}) {
  Allowance allowance("google");
  allowance.set(connections, rate, kStart);
  return allowance;
}

// How many transactions get a token in a minute when as many as possible are wanted.
std::size_t taken_in_a_minute(Allowance& allowance, SteadyTime from) {
  std::size_t count = 0;
  for (SteadyTime now = from; now < from + minutes(1); now += milliseconds(10)) {
    while (allowance.available(now) > 0) {
      allowance.take(now, 1);
      ++count;
    }
  }
  return count;
}

TEST(Allowance, ConnectionsAreCounted) {
  Allowance allowance = made(2);
  EXPECT_FALSE(allowance.is_full());
  allowance.opened();
  allowance.opened();
  EXPECT_TRUE(allowance.is_full());
  EXPECT_FALSE(allowance.is_exceeded());
  allowance.ended(false);
  EXPECT_FALSE(allowance.is_full());
}

TEST(Allowance, AReplyThatAsksForLessHalvesTheConnections) {
  Allowance allowance = made(10);
  for (int i = 0; i < 10; ++i) allowance.opened();
  EXPECT_TRUE(allowance.reduce(kStart, kStart));
  EXPECT_EQ(allowance.connections(), 5u);
  EXPECT_TRUE(allowance.is_exceeded());
  for (int i = 0; i < 5; ++i) allowance.leaves();
  EXPECT_FALSE(allowance.is_exceeded());
  EXPECT_TRUE(allowance.is_full());
  for (int i = 0; i < 5; ++i) allowance.ended(true);
  EXPECT_TRUE(allowance.is_full());
  EXPECT_FALSE(allowance.is_exceeded());
}

TEST(Allowance, OneConnectionIsAlwaysAllowed) {
  Allowance allowance = made(3);
  for (int i = 0; i < 20; ++i) allowance.reduce(kStart + seconds(i), kStart + seconds(i));
  EXPECT_EQ(allowance.connections(), 1u);
}

TEST(Allowance, AConfiguredRateIsHalved) {
  Allowance allowance = made(10, relay::Rate{600, seconds(60)});
  allowance.reduce(kStart, kStart);
  EXPECT_NEAR(static_cast<double>(taken_in_a_minute(allowance, kStart)), 300, 6);
}

TEST(Allowance, WithoutARateHalfOfWhatWasSentLatelyIsSent) {
  Allowance allowance = made(10);
  SteadyTime now = kStart;
  for (int i = 0; i < 300; ++i) {  // 30 s at 10/s
    allowance.take(now, 1);
    now += milliseconds(100);
  }
  allowance.reduce(now, now);
  EXPECT_NEAR(static_cast<double>(taken_in_a_minute(allowance, now)), 300, 6);
}

TEST(Allowance, ComesBackWithTime) {
  Allowance allowance = made(8);
  allowance.reduce(kStart, kStart);
  EXPECT_FALSE(allowance.restore(kStart + seconds(59)));
  EXPECT_TRUE(allowance.restore(kStart + seconds(60)));
  EXPECT_EQ(allowance.connections(), 5u);
  EXPECT_TRUE(allowance.restore(kStart + minutes(10)));
  EXPECT_EQ(allowance.connections(), 8u);
  EXPECT_FALSE(allowance.is_reduced());
  EXPECT_GT(allowance.available(kStart + minutes(10)), 1'000'000u);  // no rate any more
}

TEST(Allowance, APromisedTokenIsNobodyElses) {
  Allowance allowance = made(10, relay::Rate{1, seconds(1)});
  EXPECT_EQ(allowance.available(kStart), 1u);
  allowance.promise();
  EXPECT_EQ(allowance.available(kStart), 0u);
  EXPECT_GT(allowance.next(kStart), kStart);  // of the one after it
  allowance.redeem();
  EXPECT_TRUE(allowance.has_any(kStart));
  allowance.take(kStart, 1);
  EXPECT_FALSE(allowance.has_any(kStart));
}

TEST(Allowance, AChangedConfigurationIsInForceAtOnce) {
  Allowance allowance = made(10);
  allowance.reduce(kStart, kStart);
  allowance.set(4, relay::Rate{60, seconds(60)}, kStart);
  EXPECT_EQ(allowance.connections(), 2u);
  EXPECT_NEAR(static_cast<double>(taken_in_a_minute(allowance, kStart)), 30, 2);
}

TEST(Allowance, IsUnusedWhenANewOneWouldAllowNoLess) {
  Allowance allowance = made(10, relay::Rate{1, seconds(1)});
  EXPECT_TRUE(allowance.is_unused(kStart));
  allowance.take(kStart, 1);
  EXPECT_FALSE(allowance.is_unused(kStart));
  EXPECT_TRUE(allowance.is_unused(kStart + seconds(2)));
  allowance.opened();
  EXPECT_FALSE(allowance.is_unused(kStart + seconds(2)));
}

}  // namespace
}  // namespace signpost::delivery
