// What goes first of an owner's mail, and what others' mail does to it.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// All domains are at one receiver, which takes ten messages a second. The mail of "letters" and of
// "shop" is one tenant's.
class SchedulerClass : public SchedulerTest {
 protected:
  static constexpr std::size_t kARate = 10;

  void SetUp() override {
    world_.receiver("mx:big").rate = relay::Rate{kARate, seconds(1)};
    world_.scheduler.set_shares([](const queue::Lane& lane) {
      const bool tenant = lane.account == "letters" || lane.account == "shop";
      const int mail_class = lane.account == "letters" ? -1 : lane.account == "shop" ? 1 : 0;
      return LaneShare{.owner = tenant ? "acme" : lane.account,
                       .rank = 19 * mail_class + lane.priority};
    });
  }
  queue::Lane lane(std::size_t number, const std::string& account, int priority = 0) {
    const std::string domain = "d" + std::to_string(number) + ".example";
    world_.sites[domain] = "mx:big";
    return {domain, account, "", priority};
  }
  // How long after its acceptance this job was delivered.
  seconds wait_of(const queue::Job& job, SteadyTime accepted) const {
    const auto found = std::ranges::find(world_.delivered, job.ref.id,
                                         [](const auto& each) { return each.ref.id; });
    if (found == world_.delivered.end()) return seconds::max();
    return std::chrono::ceil<seconds>(found->at - accepted);
  }
};

TEST_F(SchedulerClass, APasswordResetGoesBeforeANewsletterInTheLine) {
  for (std::size_t i = 0; i < 200; ++i) world_.submit_many(lane(i, "letters"), 100);
  world_.pass(seconds(3));
  const SteadyTime at = world_.clock.steady_now();
  const queue::Job fresh = world_.submit(lane(1, "shop"));
  const queue::Job elsewhere = world_.submit(lane(1000, "shop"));  // a domain that nobody knows yet
  world_.pass(seconds(5));
  EXPECT_LE(wait_of(fresh, at), seconds(1));
  EXPECT_LE(wait_of(elsewhere, at), seconds(1));
  EXPECT_LT(world_.delivered.size(), 200u) << "the newsletter still waits";
  EXPECT_TRUE(world_.claims_fit());
}

// There is no memory for it: it waits in the store, as the newsletter does.
TEST_F(SchedulerClass, APasswordResetIsReadBeforeANewsletterInTheStore) {
  for (std::size_t i = 0; i < 2000; ++i) world_.submit_many(lane(i, "letters"), 10, false);
  world_.pass(seconds(3));
  const SteadyTime at = world_.clock.steady_now();
  const queue::Job one = world_.submit(lane(1, "shop"), 1, false);
  const queue::Job other = world_.submit(lane(5000, "shop"), 1, false);
  world_.pass(seconds(5));
  EXPECT_LE(wait_of(one, at), seconds(1));
  EXPECT_LE(wait_of(other, at), seconds(1));
  EXPECT_LT(world_.delivered.size(), 200u);
}

// More urgent lanes than a line takes: those that are parked come before what the line has.
TEST_F(SchedulerClass, ManyUrgentLanesGoBeforeANewsletterInTheStore) {
  for (std::size_t i = 0; i < 1000; ++i) world_.submit_many(lane(i, "letters"), 10, false);
  world_.pass(seconds(3));
  for (std::size_t i = 0; i < 1500; ++i) (void)world_.submit(lane(i, "shop"), 1, false);
  const std::size_t before = world_.count("letters");
  world_.pass(seconds(155));
  EXPECT_EQ(world_.count("shop"), 1500u);
  EXPECT_LE(world_.count("letters"), before + 60);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerClass, AfterARestartWhatIsUrgentGoesFirst) {
  const SystemTime due = world_.now().schedule;
  for (std::size_t i = 0; i < 1000; ++i) (void)world_.leave(lane(i, "letters"), due);
  const queue::Job reset = world_.leave(lane(999, "shop"), due);
  world_.restart();
  const SteadyTime at = world_.clock.steady_now();
  world_.pass(seconds(5));
  EXPECT_LE(wait_of(reset, at), seconds(2)) << "all of them are looked up first";
}

TEST_F(SchedulerClass, WithinAClassThePriorityDecides) {
  (void)submit(lane(1, "office"), 100);
  (void)submit(lane(2, "office", -1), 100);
  world_.pass(seconds(2));
  const std::size_t before = world_.delivered.size();
  (void)submit(lane(3, "office", 4), 10);
  world_.pass(seconds(2));
  std::size_t urgent = 0, late = 0;
  for (std::size_t i = before; i < world_.delivered.size(); ++i) {
    urgent += world_.delivered[i].lane.priority == 4 ? 1 : 0;
    late += world_.delivered[i].lane.priority == -1 ? 1 : 0;
  }
  EXPECT_EQ(urgent, 10u);
  EXPECT_EQ(late, 0u);
  world_.pass(seconds(60));
  EXPECT_EQ(world_.delivered.size(), 210u) << "in the end all of it goes";
}

TEST_F(SchedulerClass, UrgencyIsNoAdvantageOverOtherOwners) {
  for (std::size_t i = 0; i < 50; ++i) (void)submit(lane(i, "shop", 9), 20);
  (void)submit(lane(60, "neighbour"), 500);
  world_.pass(seconds(20));
  EXPECT_NEAR(static_cast<double>(world_.count("neighbour")), 100, 15);
}

TEST_F(SchedulerClass, ManyDomainsAreNoAdvantage) {
  for (std::size_t i = 0; i < 400; ++i) (void)submit(lane(i, "letters"), 5);
  (void)submit(lane(500, "neighbour"), 500);
  world_.pass(seconds(20));
  EXPECT_NEAR(static_cast<double>(world_.count("neighbour")), 100, 15);
}

TEST_F(SchedulerClass, AReloadThatChangesClassesChangesTheOrder) {
  for (std::size_t i = 0; i < 400; ++i) (void)submit(lane(i, "letters"), 5);
  (void)submit(lane(500, "office"), 40);
  world_.pass(seconds(2));
  world_.scheduler.set_shares([](const queue::Lane& lane) {
    return LaneShare{.owner = "all", .rank = lane.account == "office" ? 1 : 0};
  });
  world_.order([&](const Scheduler::Now& now, Orders& orders) {
    world_.scheduler.forget_routes(now, orders);
  });
  const std::size_t before = world_.count("office");
  world_.pass(seconds(4));
  EXPECT_GE(world_.count("office"), before + 30) << "all that there was";
  EXPECT_TRUE(world_.claims_fit());
}

}  // namespace
}  // namespace signpost::delivery
