#include "delivery/back_off.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

Disposition refused(std::string text = "refused") {
  return local(Outcome::Delayed, {4, 4, 1}, std::move(text));
}

TEST(BackOff, AllowsEverythingUntilAConnectionFails) {
  const BackOff back_off;
  EXPECT_FALSE(back_off.failing());
  EXPECT_TRUE(back_off.may_try(kStart));
  EXPECT_TRUE(back_off.may_try(SteadyTime{}));
}

TEST(BackOff, DoublesTheWaitUpToFiveMinutes) {
  BackOff back_off;
  SteadyTime now = kStart;
  for (const int wait : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
    back_off.failed(refused(), now, now, 0);
    EXPECT_EQ(back_off.not_before() - now, seconds(wait));
    EXPECT_FALSE(back_off.may_try(back_off.not_before() - milliseconds(1)));
    now = back_off.not_before();
    EXPECT_TRUE(back_off.may_try(now));
  }
}

TEST(BackOff, KeepsTheLongestWaitHoweverOftenItFails) {
  BackOff back_off;
  for (int i = 0; i < 200; ++i)
    back_off.failed(refused(), kStart + seconds(i), kStart + seconds(i), 0);
  EXPECT_EQ(back_off.not_before(), kStart + seconds(199) + seconds(300));
}

TEST(BackOff, StretchesEachWaitByUpToAHalf) {
  BackOff back_off;
  back_off.failed(refused(), kStart, kStart, 0.5);
  EXPECT_EQ(back_off.not_before() - kStart, milliseconds(6250));
  BackOff other;
  other.failed(refused(), kStart, kStart, 0.999);
  EXPECT_LT(other.not_before() - kStart, milliseconds(7500));
  EXPECT_GT(other.not_before() - kStart, milliseconds(7480));
}

TEST(BackOff, ConnectionsThatFailTogetherCountOnce) {
  BackOff back_off;
  back_off.failed(refused(), kStart, kStart + seconds(2), 0);
  const SteadyTime until = back_off.not_before();
  back_off.failed(refused("timed out"), kStart + seconds(1), kStart + seconds(4), 0);
  EXPECT_EQ(back_off.failures(), 1u);
  EXPECT_EQ(back_off.not_before(), until);
  EXPECT_EQ(back_off.why().reply.text, "timed out") << "the last word is the newest reason";
}

TEST(BackOff, AConnectionBegunAfterTheFailureIsAnotherOne) {
  BackOff back_off;
  back_off.failed(refused(), kStart, kStart + seconds(2), 0);
  back_off.failed(refused(), kStart + seconds(2), kStart + seconds(3), 0);
  EXPECT_EQ(back_off.failures(), 2u);
  EXPECT_EQ(back_off.not_before(), kStart + seconds(3) + seconds(10));
}

TEST(BackOff, SuccessStartsTheLadderAnew) {
  BackOff back_off;
  for (int i = 0; i < 4; ++i)
    back_off.failed(refused(), kStart + seconds(i), kStart + seconds(i), 0);
  back_off.succeeded();
  EXPECT_FALSE(back_off.failing());
  EXPECT_TRUE(back_off.may_try(kStart));
  back_off.failed(refused(), kStart, kStart, 0);
  EXPECT_EQ(back_off.not_before() - kStart, seconds(5));
}

TEST(BackOff, ForgivingEndsTheWaitAndKeepsTheLadder) {
  BackOff back_off;
  back_off.failed(refused(), kStart, kStart, 0);
  back_off.forgive();
  EXPECT_TRUE(back_off.may_try(kStart));
  EXPECT_TRUE(back_off.failing()) << "one connection is enough to find out";
  back_off.failed(refused(), kStart + seconds(1), kStart + seconds(1), 0);
  EXPECT_EQ(back_off.not_before() - kStart, seconds(11));
}

}  // namespace
}  // namespace signpost::delivery
