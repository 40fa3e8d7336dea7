// What a receiver's `rate` lets through.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SchedulerRate : public SchedulerTest {
 protected:
  void submit(std::size_t count) { (void)SchedulerTest::submit(kLane, count); }
};

TEST_F(SchedulerRate, ARateHoldsFromTheStart) {
  world_.receiver(kSite).rate = relay::Rate{10, seconds(1)};
  submit(200);
  world_.pass(seconds(1));
  EXPECT_LE(world_.delivered.size(), 11u);
  world_.pass(seconds(9));
  EXPECT_LE(world_.delivered.size(), 101u);
  EXPECT_GE(world_.delivered.size(), 95u);
}

TEST_F(SchedulerRate, AJobThatGoesInSeveralTransactionsCountsAsThatMany) {
  world_.receiver(kSite).rate = relay::Rate{1, seconds(1)};
  (void)world_.submit(kLane, 350);
  submit(1);
  world_.pass(milliseconds(3900));
  EXPECT_EQ(world_.delivered.size(), 1u);
  world_.pass(milliseconds(200));
  EXPECT_EQ(world_.delivered.size(), 2u);
}

TEST_F(SchedulerRate, ARateHoldsWhenMailComesNowAndThen) {
  world_.receiver(kSite).rate = relay::Rate{6, seconds(3600)};
  for (int i = 0; i < 60; ++i) {
    (void)world_.submit(kLane);
    world_.pass(seconds(60), seconds(1));  // the connection has ended, and the site is idle
  }
  EXPECT_LE(world_.delivered.size(), 7u);
  EXPECT_GE(world_.delivered.size(), 6u);
}

TEST_F(SchedulerRate, MailGoesNoFasterThanTheRateAndNoSlower) {
  world_.receiver(kSite).rate = relay::Rate{10, seconds(1)};
  submit(300);
  world_.pass(seconds(20));
  EXPECT_LE(world_.delivered.size(), 10u + 200u);
  EXPECT_GE(world_.delivered.size(), 195u);
  for (std::size_t i = 0; i + 20 < world_.delivered.size(); ++i) {
    EXPECT_GE(world_.delivered[i + 20].at - world_.delivered[i].at, milliseconds(990)) << i;
  }
  world_.pass(seconds(12));
  EXPECT_EQ(world_.delivered.size(), 300u);
}

TEST_F(SchedulerRate, ASlowRateWakesASessionWhenItsTokenIsThere) {
  world_.receiver(kSite) = {.connections = 1, .rate = relay::Rate{30, seconds(60)}};
  submit(4);
  world_.pass(milliseconds(1900));
  EXPECT_EQ(world_.delivered.size(), 1u);
  world_.pass(milliseconds(200));
  EXPECT_EQ(world_.delivered.size(), 2u);
  EXPECT_EQ(world_.opened[kSite], 1u);
}

TEST_F(SchedulerRate, NoConnectionIsOpenedWithoutAToken) {
  world_.receiver(kSite).rate = relay::Rate{1, seconds(60)};
  submit(20);
  world_.pass(minutes(5) + seconds(1));
  EXPECT_EQ(world_.delivered.size(), 6u);
  EXPECT_EQ(world_.opened[kSite], 6u);
}

// After the first second, with which it may begin late; and no second has more than two seconds'
// worth: one that was saved, and its own.
TEST_F(SchedulerRate, RatesHoldWithinTwoPerCent) {
  for (const std::size_t rate : {10u, 100u, 1000u}) {
    test::DeliveryWorld world;
    world.receiver(kSite).rate = relay::Rate{static_cast<std::uint32_t>(rate), seconds(1)};
    world.submit_many(kLane, 13 * rate);
    world.pass(seconds(1));
    const std::size_t before = world.delivered.size();
    world.pass(seconds(10));
    const auto count = static_cast<double>(world.delivered.size() - before);
    EXPECT_NEAR(count, 10.0 * static_cast<double>(rate), 0.02 * 10.0 * static_cast<double>(rate));
    for (std::size_t i = 0; i + 2 * rate < world.delivered.size(); ++i) {
      ASSERT_GE(world.delivered[i + 2 * rate].at - world.delivered[i].at, milliseconds(990)) << i;
    }
  }
}

}  // namespace
}  // namespace signpost::delivery
