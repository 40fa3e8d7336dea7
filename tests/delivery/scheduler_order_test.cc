// Waiting jobs: each goes once, in its turn, wherever it waited.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const queue::Lane kOther{"a.example", "news", ""};

class SchedulerOrder : public SchedulerTest {
 protected:
  std::vector<queue::JobRef> order_of_delivery() const {
    std::vector<queue::JobRef> refs;
    for (const auto& each : world_.delivered) refs.push_back(each.ref);
    return refs;
  }
  // Without a way for mail until it is called.
  void hold_connections() { world_.receiver(kSite).hangs = true; }
  void let_connect() {
    world_.receiver(kSite).hangs = false;
    world_.connect_all();
    world_.run();
  }
};

TEST_F(SchedulerOrder, FreshMailGoesWithoutBeingRead) {
  for (int i = 0; i < 20; ++i) (void)world_.submit(kLane);
  world_.run();
  EXPECT_EQ(world_.delivered.size(), 20u);
  EXPECT_EQ(world_.store.reads, 0u);
  EXPECT_TRUE(std::ranges::is_sorted(order_of_delivery()));
}

TEST_F(SchedulerOrder, MailWithoutRoomInMemoryGoesInTheOrderOfItsAcceptance) {
  world_.receiver(kSite).connections = 1;
  for (int i = 0; i < 300; ++i) {
    (void)world_.submit(kLane, 1, i < 3);
    world_.clock.advance(milliseconds(1));
  }
  world_.pass(seconds(1));
  EXPECT_EQ(world_.delivered.size(), 300u);
  EXPECT_TRUE(std::ranges::is_sorted(order_of_delivery()));
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerOrder, UrgentMailGoesBeforeWhatHasNotWaitedForLong) {
  for (const bool in_memory : {true, false}) {
    world_.delivered.clear();
    world_.receiver(kSite).connections = 1;
    hold_connections();
    const queue::Job first = world_.submit(kLane, 1, in_memory);
    world_.clock.advance(minutes(40));
    const queue::Job second = world_.submit(kLane, 1, in_memory);
    world_.clock.advance(seconds(1));
    const queue::Job urgent = world_.submit(kLane, 1, in_memory, minutes(30));
    let_connect();
    world_.pass(minutes(1));
    EXPECT_EQ(order_of_delivery(), (std::vector{first.ref, urgent.ref, second.ref}))
        << (in_memory ? "in memory" : "in the store");
    EXPECT_EQ(world_.twice, 0u);
  }
}

TEST_F(SchedulerOrder, DeferredMailComesBackWhenItIsDueAndNotBefore) {
  world_.reply = [](const queue::Job& job) {
    return job.attempts == 0 ? Outcome::Delayed : Outcome::Delivered;
  };
  const queue::Job job = world_.submit(kLane);
  world_.pass(seconds(59));
  EXPECT_EQ(world_.delivered.size(), 0u);
  EXPECT_EQ(world_.attempts(job), 1u);
  world_.pass(seconds(2));
  EXPECT_EQ(world_.delivered.size(), 1u);
}

TEST_F(SchedulerOrder, WhatIsStoredDuringAReadIsFoundOnEitherSideOfIt) {
  hold_connections();
  const SystemTime start = world_.clock.schedule_now();
  (void)world_.leave(kLane, start - seconds(50));
  world_.restart();
  std::vector<queue::Job> late;
  // The read is under way until its action runs: the test's jobs come between.
  world_.choose = [&](std::size_t /*count*/) {
    if (late.empty() && world_.store.reads == 1) {
      for (const seconds before : {seconds(90), seconds(1), seconds(-10)}) {
        late.push_back(world_.leave(kLane, start - before));
        world_.order([&](const auto& at, Orders& orders) {
          world_.scheduler.waits(late.back(), at, orders);
        });
      }
    }
    return std::size_t{0};
  };
  world_.pass(seconds(1));
  let_connect();
  world_.pass(seconds(1));
  EXPECT_EQ(late.size(), 3u);
  EXPECT_EQ(world_.delivered.size(), 3u);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.delivered.size(), 4u) << "the one that is due later";
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerOrder, AJobClaimedByAnOperatorDuringAScanGoesWhenReleased) {
  const queue::Job job = world_.leave(kLane, world_.clock.schedule_now() - seconds(5));
  ASSERT_TRUE(*world_.store.claim(job.ref));
  world_.restart();
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 0u);
  world_.store.claims().release(job.ref);
  world_.order([&](const auto& at, Orders& orders) { world_.scheduler.waits(job, at, orders); });
  world_.pass(seconds(1));
  EXPECT_EQ(world_.delivered.size(), 1u);
}

TEST_F(SchedulerOrder, JobsGivenBackGoFirst) {
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  for (int i = 0; i < 3; ++i) (void)world_.submit(kLane);
  world_.run();
  ASSERT_EQ(world_.held(), 1u);
  world_.end_connections();
  world_.receiver(kSite).slow = false;
  world_.pass(seconds(1));
  (void)world_.answer(kSite);
  EXPECT_EQ(world_.delivered.size(), 3u);
  EXPECT_TRUE(std::ranges::is_sorted(order_of_delivery()));
  EXPECT_EQ(world_.store.changes, 3u) << "nothing was written for what was not tried";
}

TEST_F(SchedulerOrder, ARestartFindsWhatIsDueAndWhatWillBe) {
  const SystemTime start = world_.clock.schedule_now();
  (void)world_.leave(kLane, start - hours(3));
  (void)world_.leave(kLane, start + minutes(2));
  (void)world_.leave(kOther, start + minutes(1));
  world_.restart();
  world_.pass(seconds(1));
  EXPECT_EQ(world_.delivered.size(), 1u);
  world_.pass(minutes(1));
  EXPECT_EQ(world_.delivered.size(), 2u);
  world_.pass(minutes(1));
  EXPECT_EQ(world_.delivered.size(), 3u);
}

TEST_F(SchedulerOrder, AnEarlierRunsMailIsFoundAfterFreshMailWithoutRoom) {
  const SystemTime start = world_.clock.schedule_now();
  hold_connections();
  (void)world_.leave(kLane, start - hours(3));
  (void)world_.submit(kLane, 1, false);
  world_.restart();  // the scheduler hears of the lane when it is about to read it
  let_connect();
  world_.pass(seconds(1));
  EXPECT_EQ(world_.delivered.size(), 2u);
}

TEST_F(SchedulerOrder, AReadThatFailsBeginsAgainAtItsPlace) {
  for (int i = 0; i < 5; ++i) (void)world_.leave(kLane, world_.clock.schedule_now() - hours(1));
  world_.store.unreadable = true;
  world_.restart();
  world_.pass(seconds(20));
  EXPECT_LE(world_.store.reads, 5u) << "not in a hurry";
  world_.store.unreadable = false;
  world_.pass(seconds(10));
  EXPECT_EQ(world_.delivered.size(), 5u);
}

TEST_F(SchedulerOrder, AFailedLookUpOfFreshMailForgetsNoDueTime) {
  const SystemTime start = world_.clock.schedule_now();
  (void)world_.leave(kLane, start + minutes(1));
  world_.restart();
  world_.unroutable["a.example"] = test::later();
  world_.delay = [](const queue::Job&) { return minutes(5); };
  (void)world_.submit(kLane);
  world_.pass(seconds(1));
  world_.unroutable.clear();
  world_.pass(minutes(2));
  EXPECT_EQ(world_.delivered.size(), 1u) << "the one that became due";
  world_.pass(minutes(4));
  EXPECT_EQ(world_.delivered.size(), 2u);
}

TEST_F(SchedulerOrder, MailDueLaterThanAnyScheduleIsFound) {
  const SystemTime start = world_.clock.schedule_now();
  (void)world_.leave(kLane, start + hours(24 * 365));
  (void)world_.leave(kOther, start - seconds(1));
  (void)world_.leave(kOther, start + hours(24 * 365));
  world_.restart();
  world_.pass(seconds(5));
  EXPECT_EQ(world_.delivered.size(), 3u);
}

TEST_F(SchedulerOrder, MailDeferredWhileTheClockWasAheadGoesWhenItIsBack) {
  const SystemTime start = world_.clock.schedule_now();
  world_.reply = [](const queue::Job& job) {
    return job.attempts == 0 ? Outcome::Delayed : Outcome::Delivered;
  };
  world_.clock.set(start + hours(24 * 30));
  (void)world_.submit(kLane);
  world_.pass(seconds(1));
  world_.clock.set(start);
  world_.pass(seconds(5));
  EXPECT_EQ(world_.delivered.size(), 1u);
}

TEST_F(SchedulerOrder, ALaneThatIsPutOffWaitsAndComesBack) {
  bool scarce = true;
  world_.no_memory = [&](const queue::Job& job) { return scarce && job.lane == kLane; };
  for (int i = 0; i < 3; ++i) (void)world_.submit(kLane);
  (void)world_.submit(kOther);
  world_.pass(seconds(4));
  EXPECT_EQ(world_.count("news"), 1u);
  EXPECT_EQ(world_.count("shop"), 0u);
  EXPECT_EQ(world_.scheduler.figures().in_memory, 0u);
  EXPECT_TRUE(world_.claims_fit());
  scarce = false;
  world_.pass(seconds(10));
  EXPECT_EQ(world_.count("shop"), 3u);
  EXPECT_EQ(world_.store.changes, 4u) << "waiting wrote nothing";
}

TEST_F(SchedulerOrder, LanesWithoutMailAreForgotten) {
  for (int i = 0; i < 50; ++i) (void)world_.submit({std::to_string(i) + ".example", "shop", ""});
  world_.pass(seconds(10));
  EXPECT_EQ(world_.scheduler.figures().lanes, 50u) << "mail is likely to come again";
  EXPECT_EQ(world_.scheduler.figures().sites, 0u);
  world_.pass(seconds(60));
  EXPECT_EQ(world_.scheduler.figures().lanes, 0u);
}

TEST(SchedulerMemory, NoMoreLanesThanTheLimitLingerWithoutMail) {
  test::DeliveryWorld world({.lanes = 10});
  for (int i = 0; i < 50; ++i) (void)world.submit({std::to_string(i) + ".example", "shop", ""});
  world.pass(seconds(1));
  EXPECT_EQ(world.delivered.size(), 50u);
  EXPECT_LE(world.scheduler.figures().lanes, 10u);
}

TEST(SchedulerMemory, AFailedRefreshOfARouteKeepsNoLane) {
  test::DeliveryWorld world;
  world.choose = [](std::size_t count) { return count - 1; };  // the answer comes last
  for (int i = 0; i < 6; ++i) {
    (void)world.submit(kLane);
    world.pass(seconds(2));
  }
  ASSERT_EQ(world.looked_up, 2u);
  world.unroutable["a.example"] = test::later();
  world.pass(seconds(2));
  for (int i = 0; i < 4; ++i) {
    (void)world.submit(kLane);
    world.pass(seconds(2));
  }
  EXPECT_EQ(world.delivered.size(), 10u) << "mail goes by the route that is known";
  EXPECT_EQ(world.looked_up, 3u);
  world.pass(seconds(70));
  EXPECT_EQ(world.scheduler.figures().lanes, 0u);
}

TEST(SchedulerMemory, MailOfSlowSitesLeavesRoomForTheMailOfOthers) {
  test::DeliveryWorld world({.in_memory = 100, .line = 80});
  for (const std::string name : {"x", "y", "z"}) {
    world.receiver("mx:" + name) = {.connections = 1, .slow = true};
    world.submit_many({name, "shop", ""}, 60);
    world.run();
  }
  world.submit_many(kLane, 50);
  world.submit_many(kOther, 50, false);
  world.pass(seconds(20));
  EXPECT_EQ(world.delivered.size(), 100u);
  EXPECT_TRUE(world.claims_fit());
}

TEST(SchedulerMemory, HoldsNoMoreJobsThanTheLimit) {
  test::DeliveryWorld world({.in_memory = 100, .line = 80});
  for (int lane = 0; lane < 20; ++lane) {
    const std::string domain = std::to_string(lane) + ".example";
    world.receiver("mx:" + domain) = {.connections = 1, .slow = true};
    world.submit_many({domain, "shop", ""}, 30);
  }
  std::size_t most = 0;
  for (int i = 0; i < 2000 && world.store.rows() > 0; ++i) {
    world.pass(milliseconds(100));
    most = std::max(most, world.scheduler.figures().in_memory);
    for (int lane = 0; lane < 20; ++lane)
      (void)world.answer("mx:" + std::to_string(lane) + ".example");
  }
  EXPECT_EQ(world.delivered.size(), 600u);
  EXPECT_LE(most, 100u + 256u) << "and what one read brings";
  EXPECT_TRUE(world.claims_fit());
}

// In sanitized builds another allocator serves them, and none is counted.
TEST(SchedulerMemory, LanesThatQueueForALookUpCostLittle) {
  constexpr std::size_t kLanes = 20'000;
  const Scheduler::Now now{SteadyTime(hours(1)), SystemTime(hours(1)), 0};
  const std::size_t before = mallinfo2().uordblks;
  Scheduler scheduler(2);
  Orders orders;
  for (std::size_t i = 0; i < kLanes; ++i) {
    queue::Job job;
    job.lane = {std::to_string(i) + ".example", "shop", ""};
    job.due = now.schedule;
    scheduler.waits(job, now, orders);
  }
  EXPECT_EQ(orders.look_up.size(), SchedulerLimits{}.look_ups);
  EXPECT_LT((mallinfo2().uordblks - before) / kLanes, 400u);
}

}  // namespace
}  // namespace signpost::delivery
