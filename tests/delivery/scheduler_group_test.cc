// Sites that share what an operator of mail hosts allows.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SchedulerGroup : public SchedulerTest {
 protected:
  // `count` domains, each with hosts of its own, all of one operator.
  void make_sites(std::size_t count, const test::DeliveryWorld::Receiver& receiver) {
    for (std::size_t i = 0; i < count; ++i) {
      world_.receiver("mx:" + domain(i)) = receiver;
      world_.receiver("mx:" + domain(i)).group = "operator";
    }
    sites_ = count;
  }
  static std::string domain(std::size_t i) { return "d" + std::to_string(i) + ".example"; }
  static queue::Lane lane(std::size_t i) { return {domain(i), "shop", ""}; }

  std::size_t open() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < sites_; ++i) count += world_.open("mx:" + domain(i));
    return count;
  }
  std::size_t delivered_to(std::size_t i) const {
    return static_cast<std::size_t>(std::ranges::count(
        world_.delivered, domain(i), [](const auto& each) { return each.lane.domain; }));
  }
  void ask_for_less(std::size_t i) {
    sites_asked_ += world_.ask_for_less("mx:" + domain(i)) ? 1 : 0;
  }

  std::size_t sites_ = 0;
  std::size_t sites_asked_ = 0;
};

TEST_F(SchedulerGroup, TheirConnectionsAreCountedTogether) {
  make_sites(20, {.connections = 4, .slow = true});
  for (std::size_t i = 0; i < 20; ++i) (void)submit(lane(i), 3);
  std::size_t most = 0;
  for (int step = 0; step < 400 && world_.delivered.size() < 60; ++step) {
    world_.pass(milliseconds(100));
    most = std::max(most, open());
    for (std::size_t i = 0; i < 20; ++i) (void)world_.answer("mx:" + domain(i));
  }
  EXPECT_EQ(world_.delivered.size(), 60u);
  EXPECT_EQ(most, 4u);
  EXPECT_TRUE(world_.claims_fit());
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerGroup, AnIdleConnectionMakesRoomForAnotherSite) {
  make_sites(2, {.connections = 1});
  (void)submit(lane(0), 1);
  world_.pass(milliseconds(500));
  EXPECT_EQ(delivered_to(0), 1u);
  EXPECT_EQ(open(), 1u);  // kept for more mail
  (void)submit(lane(1), 1);
  world_.pass(milliseconds(500));
  EXPECT_EQ(delivered_to(1), 1u);  // before the idle time of the other one is over
  EXPECT_EQ(world_.open("mx:" + domain(0)), 0u);
}

TEST_F(SchedulerGroup, ASiteThatIsAwayDoesNotKeepTheOthersConnections) {
  make_sites(3, {.connections = 1});
  world_.receiver("mx:" + domain(0)).refuses = true;
  for (std::size_t i = 0; i < 3; ++i) (void)submit(lane(i), 5);
  world_.pass(seconds(20));
  EXPECT_EQ(delivered_to(1), 5u);
  EXPECT_EQ(delivered_to(2), 5u);
}

TEST_F(SchedulerGroup, TheyTakeTurnsAtTheRate) {
  make_sites(5, {.connections = 10, .rate = relay::Rate{10, seconds(1)}});
  for (std::size_t i = 0; i < 5; ++i) (void)submit(lane(i), 100);
  world_.pass(seconds(30));
  EXPECT_LE(world_.delivered.size(), 310u);
  EXPECT_GE(world_.delivered.size(), 295u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(static_cast<double>(delivered_to(i)), 60, 12) << i;
  }
  for (std::size_t i = 0; i + 20 < world_.delivered.size(); ++i) {
    EXPECT_GE(world_.delivered[i + 20].at - world_.delivered[i].at, milliseconds(990)) << i;
  }
}

TEST_F(SchedulerGroup, AReplyThatAsksForLessHalvesWhatAllOfThemAreSent) {
  make_sites(4, {.connections = 8, .slow = true});
  for (std::size_t i = 0; i < 4; ++i) (void)submit(lane(i), 600);
  world_.pass(milliseconds(500));
  EXPECT_EQ(open(), 8u);
  for (int i = 0; i < 100; ++i) {  // 10 s
    world_.pass(milliseconds(100));
    for (std::size_t site = 0; site < 4; ++site) (void)world_.answer("mx:" + domain(site));
  }
  const std::size_t before = world_.delivered.size();
  EXPECT_TRUE(world_.scheduler.slowed().empty());
  ask_for_less(2);
  EXPECT_EQ(sites_asked_, 1u);
  for (int i = 0; i < 50; ++i) {  // 5 s
    world_.pass(milliseconds(100));
    for (std::size_t site = 0; site < 4; ++site) (void)world_.answer("mx:" + domain(site));
    if (i > 5) {
      EXPECT_LE(open(), 4u);
    }
  }
  const std::size_t after = world_.delivered.size() - before;
  EXPECT_EQ(world_.scheduler.slowed().size(), 1u) << "they are one receiver";
  // As many in 5 s as half the former rate gives, and what was under way.
  EXPECT_LE(after, before / 4 + 9);
  EXPECT_GE(after, before / 8);
}

TEST_F(SchedulerGroup, WhatWasAskedForComesBackSlowly) {
  make_sites(1, {.connections = 8});
  world_.receiver("mx:" + domain(0)).slow = true;
  (void)submit(lane(0), 1000);
  world_.pass(milliseconds(500));
  ask_for_less(0);
  for (int i = 0; i < 30; ++i) {
    world_.pass(milliseconds(100));
    (void)world_.answer("mx:" + domain(0));
  }
  EXPECT_LE(open(), 4u);
  for (int i = 0; i < 2500; ++i) {
    world_.pass(milliseconds(100));
    if (i % 20 == 0) (void)world_.answer("mx:" + domain(0));
  }
  EXPECT_EQ(open(), 8u);
}

TEST_F(SchedulerGroup, ASiteOfItsOwnIsReducedAlone) {
  world_.receiver(kSite) = {.connections = 6, .slow = true};
  world_.receiver("mx:other.example") = {.connections = 6, .slow = true};
  (void)submit(kLane, 50);
  (void)submit({"other.example", "shop", ""}, 50);
  world_.pass(milliseconds(500));
  EXPECT_TRUE(world_.ask_for_less(kSite));
  for (int i = 0; i < 10; ++i) {
    world_.pass(milliseconds(100));
    (void)world_.answer(kSite);
  }
  EXPECT_LE(world_.open(kSite), 3u);
  EXPECT_EQ(world_.open("mx:other.example"), 6u);
}

TEST_F(SchedulerGroup, ItIsSaidWhichLimitHoldsUpMail) {
  make_sites(2, {.connections = 1, .slow = true});
  (void)submit(lane(0), 2);
  (void)submit(lane(1), 1);
  world_.pass(milliseconds(300));
  auto why = world_.scheduler.obstacle(lane(1));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reply.text, "waiting for a connection: 1 of 1 to operator are open");

  world_.receiver(kSite).rate = relay::Rate{1, seconds(60)};
  (void)submit(kLane, 2);
  world_.pass(milliseconds(300));
  why = world_.scheduler.obstacle(kLane);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->reply.text, "waiting for its turn: the rate of mail is used up");
  EXPECT_FALSE(world_.scheduler.obstacle({"unknown.example", "shop", ""}));
}

TEST_F(SchedulerGroup, ASiteWithMuchMailLeavesTheOthersTheirPartOfTheConnections) {
  make_sites(4, {.connections = 8, .slow = true});
  (void)submit(lane(0), 500);
  world_.pass(milliseconds(300));
  EXPECT_EQ(world_.open("mx:" + domain(0)), 8u);
  for (std::size_t i = 1; i < 4; ++i) (void)submit(lane(i), 50);
  for (int step = 0; step < 10; ++step) {
    world_.pass(milliseconds(100));
    for (std::size_t i = 0; i < 4; ++i) (void)world_.answer("mx:" + domain(i));
  }
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GE(world_.open("mx:" + domain(i)), 1u) << i;
  }
  EXPECT_EQ(open(), 8u);
}

TEST_F(SchedulerGroup, ALoneSiteOfAGroupIsAsFastAsOneOfItsOwn) {
  make_sites(1, {.connections = 10});
  (void)submit(lane(0), 500);
  world_.pass(seconds(1));
  EXPECT_EQ(delivered_to(0), 500u);
}

}  // namespace
}  // namespace signpost::delivery
