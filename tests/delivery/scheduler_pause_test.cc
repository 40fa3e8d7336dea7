// Sites that an operator has paused.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SchedulerPause : public SchedulerTest {
 protected:
  bool pause(const std::string& site, std::optional<seconds> time = std::nullopt) {
    bool done = false;
    world_.order([&](const auto& now, Orders& orders) {
      SitePause made{.site = site, .since = now.schedule, .by = "root", .reason = "maintenance"};
      if (time) made.until = now.schedule + *time;
      done = world_.scheduler.pause(std::move(made), now, orders);
    });
    return done;
  }
  bool resume(const std::string& site) {
    bool done = false;
    world_.order([&](const auto& now, Orders& orders) {
      done = world_.scheduler.resume(site, now, orders);
    });
    return done;
  }
  std::size_t opened(const std::string& site = kSite) { return world_.opened[site]; }
};

TEST_F(SchedulerPause, NothingIsOpenedReadOrWritten) {
  EXPECT_TRUE(pause(kSite));
  const auto fresh = submit(kLane, 3);
  world_.submit_many(kLane, 100, false);
  world_.pass(seconds(5));
  const std::size_t reads = world_.store.reads;
  world_.pass(minutes(30));
  EXPECT_EQ(opened(), 0u);
  EXPECT_EQ(world_.store.reads, reads);
  EXPECT_EQ(world_.store.changes, 0u);
  EXPECT_EQ(world_.store.claims().size(), 0u);  // operators may hold or remove all of it
  EXPECT_EQ(attempts(fresh), 0u);
}

TEST_F(SchedulerPause, WhatIsUnderWayIsFinishedAndItsConnectionCloses) {
  world_.receiver(kSite) = {.connections = 2, .slow = true};
  (void)submit(kLane, 20);
  world_.pass(seconds(1));
  EXPECT_EQ(world_.open(kSite), 2u);
  EXPECT_TRUE(pause(kSite));
  EXPECT_EQ(world_.answer(kSite), 2u);
  world_.pass(milliseconds(200));
  EXPECT_EQ(world_.delivered.size(), 2u);
  EXPECT_EQ(world_.open(kSite), 0u);
  world_.pass(minutes(5));
  EXPECT_EQ(world_.delivered.size(), 2u);
  EXPECT_EQ(opened(), 2u);
  EXPECT_EQ(world_.store.claims().size(), 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerPause, AnIdleConnectionCloses) {
  (void)submit(kLane, 1);
  world_.pass(milliseconds(500));
  EXPECT_EQ(world_.open(kSite), 1u);
  EXPECT_TRUE(pause(kSite));
  world_.run();
  EXPECT_EQ(world_.open(kSite), 0u);
}

TEST_F(SchedulerPause, ResumedAllOfItGoesOnce) {
  world_.receiver(kSite).connections = 3;
  EXPECT_TRUE(pause(kSite));
  (void)submit(kLane, 50);
  for (int i = 0; i < 300; ++i) {
    (void)submit({"a.example", "login" + std::to_string(i), ""}, 1);  // more than a line reads
  }
  world_.pass(minutes(20));
  EXPECT_TRUE(resume(kSite));
  EXPECT_FALSE(resume(kSite));
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 350u);
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerPause, OthersGoOn) {
  EXPECT_TRUE(pause(kSite));
  (void)submit(kLane, 5);
  (void)submit({"b.example", "shop", ""}, 5);
  world_.pass(seconds(5));
  EXPECT_EQ(world_.delivered.size(), 5u);
  EXPECT_TRUE(std::ranges::all_of(world_.delivered,
                                  [](const auto& each) { return each.site == "mx:b.example"; }));
}

TEST_F(SchedulerPause, OneByTimeEndsByItself) {
  EXPECT_TRUE(pause(kSite, hours(2)));
  (void)submit(kLane, 5);
  world_.pass(minutes(119), seconds(1));
  EXPECT_EQ(opened(), 0u);
  EXPECT_TRUE(world_.resumed.empty());
  world_.pass(minutes(2), seconds(1));
  EXPECT_EQ(world_.delivered.size(), 5u);
  EXPECT_EQ(world_.resumed, std::vector<std::string>{kSite});
  EXPECT_TRUE(world_.scheduler.pauses().empty());
}

TEST_F(SchedulerPause, AGroupPausesAllOfItsSitesAndThoseThatCome) {
  for (const char* site : {"mx:a.example", "mx:b.example", "mx:c.example"}) {
    world_.receiver(site).group = "operator";
  }
  (void)submit(kLane, 1);
  world_.pass(seconds(1));
  EXPECT_EQ(world_.delivered.size(), 1u);
  EXPECT_TRUE(pause("operator"));
  (void)submit(kLane, 1);
  (void)submit({"b.example", "shop", ""}, 1);
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 1u);
  EXPECT_TRUE(pause("mx:c.example"));
  EXPECT_TRUE(resume("operator"));
  (void)submit({"c.example", "shop", ""}, 1);
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 3u);
  EXPECT_EQ(opened("mx:c.example"), 0u);
}

TEST_F(SchedulerPause, ASiteOfAPausedGroupTakesNoConnectionFromTheOthers) {
  world_.receiver(kSite) = {.connections = 1, .group = "operator", .slow = true};
  world_.receiver("mx:b.example") = {.connections = 1, .group = "operator"};
  (void)submit(kLane, 1);
  world_.pass(seconds(1));
  (void)submit({"b.example", "shop", ""}, 3);  // waits for the connection of the other
  world_.pass(seconds(1));
  EXPECT_TRUE(pause("mx:b.example"));
  (void)world_.answer(kSite);
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 1u);
  (void)submit(kLane, 2);
  for (int i = 0; i < 10; ++i) {
    world_.pass(milliseconds(300));
    (void)world_.answer(kSite);
  }
  EXPECT_EQ(world_.delivered.size(), 3u);
  EXPECT_TRUE(resume("mx:b.example"));
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), 6u);
}

TEST_F(SchedulerPause, AConnectionThatFailsMeanwhileIsNoAttempt) {
  world_.receiver(kSite).hangs = true;
  const auto jobs = submit(kLane, 5);
  world_.pass(seconds(1));
  EXPECT_EQ(world_.open(kSite), 5u);
  EXPECT_TRUE(pause(kSite));
  for (int i = 0; i < 5; ++i) {
    world_.fail_one(kSite, test::later());
    world_.run();
  }
  world_.pass(minutes(10));
  EXPECT_EQ(world_.charged, 0u);
  EXPECT_EQ(attempts(jobs), 0u);
  EXPECT_EQ(opened(), 5u);
}

TEST_F(SchedulerPause, JobsThatARecallBringsBackWaitForTheEnd) {
  world_.receiver(kSite).refuses = true;
  (void)submit(kLane, 3);
  world_.pass(seconds(3));
  const std::size_t charged = world_.charged;
  EXPECT_GT(charged, 0u);
  world_.receiver(kSite).refuses = false;
  EXPECT_TRUE(pause(kSite));
  world_.pass(minutes(30));
  EXPECT_TRUE(world_.delivered.empty());
  EXPECT_EQ(world_.charged, charged);
  EXPECT_TRUE(resume(kSite));
  world_.pass(minutes(2));
  EXPECT_EQ(world_.delivered.size(), 3u);
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerPause, ItsMailAgesAndIsReportedWithTheReason) {
  EXPECT_TRUE(pause(kSite));
  (void)submit(kLane, 1);
  (void)submit({"a.example", "other", ""}, 1);
  world_.pass(minutes(21));
  const auto of = [&](const queue::Lane& lane) {
    return std::ranges::count(world_.overdue, lane, &Orders::Overdue::lane);
  };
  EXPECT_GE(of(kLane), 1);
  EXPECT_GE(of({"a.example", "other", ""}), 1);
  for (const Orders::Overdue& each : world_.overdue) {
    EXPECT_EQ(each.why.reply.one_line(),
              "4.3.2 delivery to the receiver is paused by the operator");
  }
}

TEST_F(SchedulerPause, TheObstacleNamesWhoWhyAndUntilWhen) {
  EXPECT_TRUE(pause(kSite));
  (void)submit(kLane, 1);
  world_.pass(seconds(1));
  ASSERT_TRUE(world_.scheduler.obstacle(kLane));
  EXPECT_EQ(world_.scheduler.obstacle(kLane)->reply.one_line(),
            "4.3.2 paused by root until it is resumed: maintenance");
  EXPECT_TRUE(resume(kSite));
  world_.pass(seconds(1));
  EXPECT_FALSE(world_.scheduler.obstacle(kLane));
}

TEST_F(SchedulerPause, ThereAreNoMoreThanAThousand) {
  for (std::size_t i = 0; i < SitePauses::kMost; ++i) {
    EXPECT_TRUE(pause("mx:" + std::to_string(i) + ".example"));
  }
  EXPECT_FALSE(pause("mx:more.example"));
  EXPECT_TRUE(pause("mx:7.example", hours(1)));  // the same again
  EXPECT_TRUE(resume("mx:8.example"));
  EXPECT_TRUE(pause("mx:more.example"));
  EXPECT_EQ(world_.scheduler.figures().paused, SitePauses::kMost);
}

// Whatever happens in which order while sites are paused and resumed, each job goes once.
TEST_F(SchedulerPause, InAnyOrderNothingIsLostOrDoubled) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    test::DeliveryWorld world({.in_memory = 200, .line = 50, .look_ups = 3, .lanes = 100});
    unsigned state = seed;
    const auto chance = [&state](std::size_t count) {
      state = state * 1'103'515'245 + 12'345;
      return (state >> 8) % count;
    };
    world.choose = chance;
    for (int i = 0; i < 4; ++i) {
      world.receiver("mx:d" + std::to_string(i) + ".example") = {.connections = 2,
                                                                 .group = i < 2 ? "operator" : ""};
    }
    std::size_t count = 0;
    const auto change = [&](bool pauses, const std::string& site) {
      world.order([&](const auto& now, Orders& orders) {
        if (pauses) {
          (void)world.scheduler.pause({.site = site, .by = "", .reason = ""}, now, orders);
        } else {
          (void)world.scheduler.resume(site, now, orders);
        }
      });
    };
    const std::vector<std::string> names{"mx:d0.example", "mx:d1.example", "mx:d2.example",
                                         "operator"};
    for (int step = 0; step < 200; ++step) {
      std::string domain = "d";
      domain.append(std::to_string(chance(4))).append(".example");
      (void)world.submit({domain, "login" + std::to_string(chance(5)), ""}, 1, chance(3) != 0);
      ++count;
      if (chance(4) == 0) change(chance(2) == 0, names[chance(names.size())]);
      if (chance(10) == 0) world.end_connections();
      world.pass(milliseconds(chance(300)));
      ASSERT_TRUE(world.claims_fit()) << seed;
    }
    for (const std::string& name : names) change(false, name);
    world.pass(minutes(15), seconds(1));
    EXPECT_EQ(world.delivered.size(), count) << seed;
    EXPECT_EQ(world.twice, 0u) << seed;
    EXPECT_TRUE(world.claims_fit()) << seed;
  }
}

}  // namespace
}  // namespace signpost::delivery
