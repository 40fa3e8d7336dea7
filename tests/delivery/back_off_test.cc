#include "delivery/back_off.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{std::chrono::hours(1)};

Disposition refused(std::string text = "refused") {
  return local(Outcome::Delayed, {4, 4, 1}, std::move(text));
}

// The waits of so many failures, each begun when the wait before was over.
std::vector<milliseconds> waits(const BackOff::Pace& pace, std::size_t count) {
  BackOff back_off(pace);
  std::vector<milliseconds> list;
  SteadyTime now = kStart;
  while (list.size() < count) {
    EXPECT_TRUE(back_off.failed(refused(), now, now, 0));
    list.push_back(std::chrono::duration_cast<milliseconds>(back_off.not_before() - now));
    EXPECT_FALSE(back_off.may_try(back_off.not_before() - milliseconds(1)));
    now = back_off.not_before();
    EXPECT_TRUE(back_off.may_try(now));
  }
  return list;
}

TEST(BackOff, AllowsEverythingUntilSomethingFails) {
  const BackOff back_off(BackOff::kConnections);
  EXPECT_FALSE(back_off.failing());
  EXPECT_TRUE(back_off.may_try(kStart));
  EXPECT_TRUE(back_off.may_try(SteadyTime{}));
}

TEST(BackOff, FindsAReceiverWithinFiveSecondsThatWasAwayForAMinute) {
  const std::vector<milliseconds> list = waits(BackOff::kConnections, 18);
  EXPECT_EQ(list[0], seconds(1));
  EXPECT_EQ(list[1], seconds(2));
  milliseconds away{0};
  for (const milliseconds wait : list) {
    if (away > minutes(1)) break;
    EXPECT_LE(wait, seconds(4));  // with the stretch 5 s
    away += wait;
  }
  EXPECT_GT(away, minutes(1));
}

TEST(BackOff, ThenWaitsASixteenthOfTheTroubleUpToFiveMinutes) {
  milliseconds away{0};
  for (const milliseconds wait : waits(BackOff::kConnections, 150)) {
    EXPECT_LE(wait, std::max<milliseconds>(seconds(4), away / 16));
    EXPECT_LE(wait, minutes(5));
    away += wait;
  }
  EXPECT_EQ(waits(BackOff::kConnections, 150).back(), minutes(5));
}

TEST(BackOff, DoublesTheWaitBetweenLookUps) {
  EXPECT_EQ(
      waits(BackOff::kLookUps, 9),
      (std::vector<milliseconds>{seconds(5), seconds(10), seconds(20), seconds(40), seconds(80),
                                 seconds(160), minutes(5), minutes(5), minutes(5)}));
}

TEST(BackOff, StretchesEachWaitByUpToAQuarter) {
  BackOff back_off(BackOff::kConnections);
  (void)back_off.failed(refused(), kStart, kStart, 0.5);
  EXPECT_EQ(back_off.not_before() - kStart, milliseconds(1125));
  BackOff other(BackOff::kConnections);
  (void)other.failed(refused(), kStart, kStart, 0.999);
  EXPECT_LT(other.not_before() - kStart, milliseconds(1250));
  EXPECT_GT(other.not_before() - kStart, milliseconds(1240));
}

TEST(BackOff, FailuresTogetherCountOnce) {
  BackOff back_off(BackOff::kConnections);
  EXPECT_TRUE(back_off.failed(refused(), kStart, kStart + seconds(2), 0));
  const SteadyTime until = back_off.not_before();
  EXPECT_FALSE(back_off.failed(refused("timed out"), kStart + seconds(1), kStart + seconds(4), 0));
  EXPECT_EQ(back_off.failures(), 1u);
  EXPECT_EQ(back_off.not_before(), until);
  EXPECT_EQ(back_off.why().reply.text, "timed out") << "the last word is the newest reason";
}

TEST(BackOff, ATryBegunAfterTheFailureIsAnotherOne) {
  BackOff back_off(BackOff::kConnections);
  EXPECT_TRUE(back_off.failed(refused(), kStart, kStart + seconds(2), 0));
  EXPECT_TRUE(back_off.failed(refused(), kStart + seconds(2), kStart + seconds(3), 0));
  EXPECT_EQ(back_off.failures(), 2u);
  EXPECT_EQ(back_off.not_before(), kStart + seconds(3) + seconds(2));
}

TEST(BackOff, SuccessResetsTheWaits) {
  BackOff back_off(BackOff::kConnections);
  for (int i = 0; i < 400; ++i) {
    (void)back_off.failed(refused(), kStart + seconds(i), kStart + seconds(i), 0);
  }
  back_off.succeeded();
  EXPECT_FALSE(back_off.failing());
  EXPECT_TRUE(back_off.may_try(kStart));
  for (const int wait : {1, 2, 4}) {
    (void)back_off.failed(refused(), kStart + seconds(400), kStart + seconds(400), 0);
    EXPECT_EQ(back_off.not_before() - (kStart + seconds(400)), seconds(wait));
  }
}

TEST(BackOff, ForgivingEndsTheWaitButKeepsThePace) {
  BackOff back_off(BackOff::kConnections);
  (void)back_off.failed(refused(), kStart, kStart, 0);
  back_off.forgive();
  EXPECT_TRUE(back_off.may_try(kStart));
  EXPECT_TRUE(back_off.failing()) << "one connection is enough to find out";
  (void)back_off.failed(refused(), kStart + milliseconds(500), kStart + milliseconds(500), 0);
  EXPECT_EQ(back_off.not_before() - kStart, milliseconds(2500));
}

}  // namespace
}  // namespace signpost::delivery
