// Which of several sources mail goes from: limits, failures and warm-up are those of each by
// itself.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const queue::Lane kElsewhere{"b.example", "shop", ""};
const std::string kOtherSite = "mx:b.example";

Source source(const std::string& name) {
  Source made;
  made.name = name;
  made.v4 = net::IpAddress::parse(name);
  return made;
}

const std::string kOne = "192.0.2.1";
const std::string kTwo = "192.0.2.2";

class SchedulerSources : public SchedulerTest {
 protected:
  std::chrono::sys_days today() const {
    return std::chrono::floor<days>(world_.clock.schedule_now());
  }
  Source new_source(const std::string& name, std::uint64_t daily, days from = days(0)) const {
    Source made = source(name);
    made.warm_up = WarmUp{.first = today() + from, .daily = daily, .days = 3};
    return made;
  }
  void pass_a_day() {
    world_.pass(
        std::chrono::duration_cast<seconds>(today() + days(1) - world_.clock.schedule_now()) +
            seconds(2),
        minutes(5));
  }
};

TEST_F(SchedulerSources, EachHasConnectionsOfItsOwn) {
  world_.receiver(kSite) = {
      .connections = 3, .slow = true, .sources = {source(kOne), source(kTwo)}};
  (void)submit(kLane, 20);
  world_.run();
  EXPECT_EQ(world_.open_from(kOne), 3u);
  EXPECT_EQ(world_.open_from(kTwo), 3u);
  while (world_.answer(kSite) > 0) world_.pass(milliseconds(100));
  EXPECT_EQ(world_.delivered.size(), 20u);
  EXPECT_EQ(world_.opened[kSite], 6u);
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerSources, FewJobsAreSpreadOverThem) {
  world_.receiver(kSite) = {.slow = true, .sources = {source(kOne), source(kTwo)}};
  (void)submit(kLane, 4);
  world_.run();
  EXPECT_EQ(world_.open_from(kOne), 2u);
  EXPECT_EQ(world_.open_from(kTwo), 2u);
}

TEST_F(SchedulerSources, EachHasARateOfItsOwn) {
  world_.receiver(kSite) = {.rate = relay::Rate{60, minutes(1)},
                            .sources = {source(kOne), source(kTwo)}};
  (void)submit(kLane, 100);
  world_.pass(seconds(20));
  EXPECT_NEAR(static_cast<double>(world_.sent_from(kOne)), 20, 2);
  EXPECT_NEAR(static_cast<double>(world_.sent_from(kTwo)), 20, 2);
  world_.pass(seconds(40));
  EXPECT_EQ(world_.delivered.size(), 100u);
}

TEST_F(SchedulerSources, SitesOfAGroupShareWhatOneSourceMaySend) {
  for (const std::string& site : {kSite, kOtherSite}) {
    world_.receiver(site) = {
        .connections = 2, .group = "big", .slow = true, .sources = {source(kOne), source(kTwo)}};
  }
  (void)submit(kLane, 10);
  (void)submit(kElsewhere, 10);
  world_.run();
  EXPECT_EQ(world_.open_from(kOne), 2u);
  EXPECT_EQ(world_.open_from(kTwo), 2u);
  EXPECT_GT(world_.open(kOtherSite), 0u) << "each site gets some";
  while (world_.answer(kSite) + world_.answer(kOtherSite) > 0) world_.pass(milliseconds(100));
  EXPECT_EQ(world_.delivered.size(), 20u);
}

TEST_F(SchedulerSources, OneThatIsRefusedLeavesTheMailToTheOthers) {
  world_.receiver(kSite) = {.sources = {source(kOne), source(kTwo)}, .refuses_from = {kOne}};
  const auto jobs = submit(kLane, 50);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kTwo), 50u);
  EXPECT_EQ(world_.charged, 0u) << "no attempt of any job";
  EXPECT_TRUE(world_.away.empty()) << "the receiver is there";
  world_.receiver(kSite).refuses_from.clear();
  world_.receiver(kSite).slow = true;
  world_.pass(minutes(1));
  (void)submit(kLane, 10);
  world_.run();
  EXPECT_GT(world_.open_from(kOne), 0u) << "it is tried again";
}

TEST_F(SchedulerSources, WhereNoneIsAcceptedTheReceiverIsAway) {
  world_.receiver(kSite) = {.sources = {source(kOne), source(kTwo)}, .refuses_from = {kOne, kTwo}};
  const queue::Job job = world_.submit(kLane);
  world_.pass(seconds(30));
  EXPECT_EQ(world_.attempts(job), 1u) << "both together are one attempt";
  EXPECT_EQ(world_.away.size(), 1u);
  world_.receiver(kSite).refuses_from.clear();
  world_.pass(minutes(2));
  EXPECT_EQ(world_.delivered.size(), 1u);
  EXPECT_EQ(world_.back.size(), 1u);
}

TEST_F(SchedulerSources, WhatOneIsRefusedForGoodTheOthersDeliver) {
  world_.receiver(kSite) = {.sources = {source(kOne), source(kTwo)}, .bars = {kOne}};
  (void)submit(kLane, 40);
  world_.pass(seconds(20));
  EXPECT_EQ(world_.sent_from(kTwo), 40u);
  EXPECT_TRUE(world_.failed.empty());
}

TEST_F(SchedulerSources, WhileAnotherMayBeAcceptedYetNothingBounces) {
  world_.receiver(kSite) = {
      .sources = {source(kOne), source(kTwo)}, .refuses_from = {kTwo}, .bars = {kOne}};
  (void)submit(kLane, 10);
  world_.pass(seconds(20));
  EXPECT_TRUE(world_.failed.empty());
  world_.receiver(kSite).refuses_from.clear();
  world_.pass(minutes(10), seconds(1));
  EXPECT_EQ(world_.sent_from(kTwo), 10u);
}

TEST_F(SchedulerSources, WhereAllAreRefusedForGoodMailBounces) {
  world_.receiver(kSite) = {.sources = {source(kOne), source(kTwo)}, .bars = {kOne, kTwo}};
  (void)submit(kLane, 10);
  world_.pass(seconds(20));
  EXPECT_EQ(world_.failed.size(), 10u);
}

TEST_F(SchedulerSources, MailThatComesOneAtATimeTakesThemInTurn) {
  world_.receiver(kSite) = {.sources = {source(kOne), source(kTwo)}};
  for (int i = 0; i < 6; ++i) {
    (void)world_.submit(kLane);
    world_.pass(seconds(1));
    world_.end_connections();
  }
  EXPECT_EQ(world_.sent_from(kOne), 3u);
  EXPECT_EQ(world_.sent_from(kTwo), 3u);
}

TEST_F(SchedulerSources, AReceiverThatIsAwayIsTriedAsOftenAsFromOne) {
  std::vector<Source> many;
  for (int i = 1; i <= 20; ++i) many.push_back(source("192.0.2." + std::to_string(i)));
  world_.receiver(kSite) = {.refuses = true, .sources = many};
  world_.receiver(kOtherSite) = {.refuses = true, .sources = {source(kOne)}};
  (void)world_.submit(kLane);
  (void)world_.submit(kElsewhere);
  world_.pass(seconds(25));
  EXPECT_LE(world_.opened[kSite], 20 + world_.opened[kOtherSite]) << "once from each, then in turn";
  EXPECT_EQ(world_.away.size(), 2u);
}

TEST_F(SchedulerSources, OneThatMayNotSendTodayIsNoHopeForAReceiverThatIsAway) {
  world_.receiver(kSite) = {.refuses = true,
                            .sources = {source(kOne), new_source(kTwo, 5, days(1))}};
  const queue::Job job = world_.submit(kLane);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.away.size(), 1u);
  EXPECT_EQ(world_.attempts(job), 1u);
}

TEST_F(SchedulerSources, ASourceInTwoPoolsHasOneLimit) {
  const std::string one_pool = kSite + " from=" + kOne;
  const std::string other_pool = kSite + " from=" + kOne + "," + kTwo;
  world_.sites[kLane.domain] = one_pool;
  world_.sites[kElsewhere.domain] = other_pool;
  world_.receiver(one_pool) = {.connections = 3, .slow = true, .sources = {source(kOne)}};
  world_.receiver(other_pool) = {
      .connections = 3, .slow = true, .sources = {source(kOne), source(kTwo)}};
  (void)submit(kLane, 10);
  (void)submit(kElsewhere, 10);
  world_.run();
  EXPECT_EQ(world_.open_from(kOne), 3u);
  EXPECT_EQ(world_.open_from(kTwo), 3u);
}

TEST_F(SchedulerSources, ASiteThatLeavesItsGroupLeavesNoWaitingOneBehind) {
  for (const std::string& site : {kSite, kOtherSite}) {
    world_.receiver(site) = {
        .rate = relay::Rate{60, minutes(1)}, .group = "big", .sources = {source(kOne)}};
  }
  (void)submit(kLane, 10);
  (void)submit(kElsewhere, 10);
  world_.pass(seconds(2));
  world_.receiver(kSite).group = "";
  world_.order([&](const Scheduler::Now& now, Orders& orders) {
    world_.scheduler.forget_routes(now, orders);
  });
  (void)submit(kLane, 1);
  world_.pass(seconds(60));
  EXPECT_EQ(world_.delivered.size(), 21u);
}

TEST_F(SchedulerSources, LessIsSentFromTheOneThatWasAskedForIt) {
  world_.receiver(kSite) = {
      .connections = 4, .slow = true, .sources = {source(kOne), source(kTwo)}};
  (void)submit(kLane, 100);
  world_.run();
  EXPECT_TRUE(world_.ask_for_less(kSite, kOne));
  for (int i = 0; i < 5; ++i) {
    (void)world_.answer(kSite);
    world_.run();
  }
  EXPECT_EQ(world_.open_from(kOne), 2u);
  EXPECT_EQ(world_.open_from(kTwo), 4u);
}

// --- warm-up ---

TEST_F(SchedulerSources, ANewOneSendsItsShareOfTheDayAndTheOthersTheRest) {
  world_.receiver(kSite) = {.sources = {source(kOne), new_source(kTwo, 5)}};
  (void)submit(kLane, 30);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.delivered.size(), 30u);
  EXPECT_EQ(world_.sent_from(kTwo), 5u);
  (void)submit(kLane, 30);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kTwo), 5u) << "the day is not over";
  pass_a_day();
  (void)submit(kLane, 30);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kTwo), 15u) << "twice as many on the second day";
  pass_a_day();
  pass_a_day();
  world_.receiver(kSite).slow = true;
  (void)submit(kLane, 30);
  world_.run();
  EXPECT_GT(world_.open_from(kOne), 0u);
  EXPECT_GT(world_.open_from(kTwo), 0u) << "after three days it is one of them";
}

TEST_F(SchedulerSources, ANewOneIsUsedAlthoughAnotherIsIdle) {
  world_.receiver(kSite) = {.sources = {source(kOne), new_source(kTwo, 5)}};
  (void)submit(kLane, 10);
  world_.run();
  ASSERT_EQ(world_.sent_from(kTwo), 5u);
  pass_a_day();
  for (int i = 0; i < 3; ++i) {
    (void)world_.submit(kLane);
    world_.pass(seconds(1));
  }
  EXPECT_EQ(world_.sent_from(kTwo), 8u);
}

TEST_F(SchedulerSources, WhatNewOnesMayNotSendWaitsForTheNextDay) {
  world_.receiver(kSite) = {.sources = {new_source(kOne, 5)}};
  (void)submit(kLane, 8);
  world_.pass(minutes(5));
  EXPECT_EQ(world_.delivered.size(), 5u);
  const auto obstacle = world_.scheduler.obstacle(kLane);
  ASSERT_TRUE(obstacle);
  EXPECT_TRUE(obstacle->reply.text.contains("5 of 5 messages")) << obstacle->reply.text;
  EXPECT_EQ(world_.charged, 0u);
  pass_a_day();
  EXPECT_EQ(world_.delivered.size(), 8u);
}

TEST_F(SchedulerSources, BeforeItsFirstDayANewOneSendsNothing) {
  world_.receiver(kSite) = {.sources = {source(kOne), new_source(kTwo, 5, days(1))}};
  (void)submit(kLane, 10);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kOne), 10u);
  pass_a_day();
  (void)submit(kLane, 10);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kTwo), 5u);
}

TEST_F(SchedulerSources, EachReceiverHasAWarmUpOfItsOwn) {
  world_.receiver(kSite) = {.sources = {new_source(kOne, 5)}};
  world_.receiver(kOtherSite) = {.sources = {new_source(kOne, 5)}};
  (void)submit(kLane, 8);
  (void)submit(kElsewhere, 3);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.delivered.size(), 8u);
}

TEST_F(SchedulerSources, ANewOneThatIsRefusedHoldsNobodyUp) {
  world_.receiver(kSite) = {.sources = {source(kOne), new_source(kTwo, 5)}, .refuses_from = {kTwo}};
  (void)submit(kLane, 20);
  world_.pass(seconds(10));
  EXPECT_EQ(world_.sent_from(kOne), 20u);
  EXPECT_EQ(world_.charged, 0u);
}

TEST_F(SchedulerSources, WhatWasSentTodayOutlivesTheProcess) {
  world_.receiver(kSite) = {.sources = {new_source(kOne, 5)}};
  (void)submit(kLane, 3);
  world_.pass(seconds(10));
  EXPECT_TRUE(world_.scheduler.is_warm_up_unsaved());
  const WarmUpCounts::Kept kept = world_.scheduler.warm_up();
  EXPECT_FALSE(world_.scheduler.is_warm_up_unsaved());
  ASSERT_EQ(kept.entries.size(), 1u);
  EXPECT_EQ(kept.entries.front(), (WarmUpCounts::Entry{kSite + " from " + kOne, 3}));

  test::DeliveryWorld next;
  next.clock.advance(std::chrono::duration_cast<milliseconds>(world_.clock.schedule_now() -
                                                              next.clock.schedule_now()));
  next.scheduler.restore_warm_up(kept);
  next.receiver(kSite) = {.sources = {new_source(kOne, 5)}};
  for (int i = 0; i < 8; ++i) (void)next.submit(kLane);
  next.pass(seconds(10));
  EXPECT_EQ(next.delivered.size(), 2u);
}

}  // namespace
}  // namespace signpost::delivery
