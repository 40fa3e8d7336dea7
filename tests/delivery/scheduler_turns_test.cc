// What goes first between sites that share connections, tokens or an address, and what others'
// mail does to it.
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

// Each domain has hosts of its own. The mail of "letters" and of "shop" is one tenant's.
class SchedulerTurns : public SchedulerTest {
 protected:
  static constexpr std::size_t kSites = 200;

  void SetUp() override {
    world_.scheduler.set_shares([](const queue::Lane& lane) {
      const bool tenant = lane.account == "letters" || lane.account == "shop";
      const int mail_class = lane.account == "letters" ? -1 : lane.account == "shop" ? 1 : 0;
      return LaneShare{.owner = tenant ? "acme" : lane.account,
                       .rank = 19 * mail_class + lane.priority};
    });
  }
  static std::string domain(std::size_t number) {
    return "d" + std::to_string(number) + ".example";
  }
  static std::string key(std::size_t number) { return "mx:" + domain(number); }
  static queue::Lane lane(std::size_t number, const std::string& account) {
    return {domain(number), account, ""};
  }
  void make_sites(const test::DeliveryWorld::Receiver& receiver) {
    for (std::size_t i = 0; i < 2 * kSites; ++i) world_.receiver(key(i)) = receiver;
  }
  // All connections answer ten times a second.
  void pass_answering(seconds time) {
    for (int i = 0; i < 10 * time.count(); ++i) {
      world_.pass(milliseconds(100));
      for (std::size_t site = 0; site < 2 * kSites; ++site) (void)world_.answer(key(site));
    }
  }
  void newsletter(const std::string& account, std::size_t each) {
    for (std::size_t i = 0; i < kSites; ++i) world_.submit_many(lane(i, account), each);
  }
  bool is_delivered(const queue::Job& job) const {
    return std::ranges::any_of(world_.delivered,
                               [&](const auto& each) { return each.ref.id == job.ref.id; });
  }
  // Among connections that all carry a newsletter.
  void expect_that_resets_go_next() {
    newsletter("letters", 100);
    pass_answering(seconds(3));
    const queue::Job elsewhere = world_.submit(lane(kSites, "shop"));
    const queue::Job among_them = world_.submit(lane(kSites - 1, "shop"));
    pass_answering(seconds(1));
    EXPECT_TRUE(is_delivered(elsewhere));
    EXPECT_TRUE(is_delivered(among_them));
  }
  void expect_that_another_owner_gets_a_turn() {
    newsletter("letters", 100);
    pass_answering(seconds(3));
    const queue::Job other = world_.submit(lane(kSites, "neighbour"));
    pass_answering(seconds(2));
    EXPECT_TRUE(is_delivered(other));
  }
  std::size_t opened() const {
    std::size_t count = 0;
    for (const auto& [site, connections] : world_.opened) count += connections;
    return count;
  }
};

TEST_F(SchedulerTurns, APasswordResetGetsTheNextConnectionOfItsGroup) {
  make_sites({.connections = 4, .group = "operator", .slow = true});
  expect_that_resets_go_next();
  EXPECT_LT(world_.delivered.size(), 200u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerTurns, AnotherOwnerGetsAConnectionWithinATurn) {
  make_sites({.connections = 4, .group = "operator", .slow = true});
  expect_that_another_owner_gets_a_turn();
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerTurns, SitesTakeTurnsAtTheConnectionsOfTheirGroup) {
  make_sites({.connections = 4, .group = "operator", .slow = true});
  for (std::size_t i = 0; i < 40; ++i) world_.submit_many(lane(i, "letters"), 100);
  pass_answering(seconds(15));  // some 600 messages
  std::size_t served = 0;
  for (std::size_t i = 0; i < 40; ++i) served += world_.opened[key(i)] > 0 ? 1 : 0;
  EXPECT_EQ(served, 40u);
  EXPECT_LE(opened() * Allowance::kTurn, world_.delivered.size() + 5 * Allowance::kTurn)
      << "a connection carries a turn's messages";
  EXPECT_GE(world_.delivered.size(), 400u);
}

TEST_F(SchedulerTurns, APasswordResetGetsTheNextTokenOfItsGroup) {
  make_sites({.connections = 50, .rate = relay::Rate{10, seconds(1)}, .group = "operator"});
  newsletter("letters", 100);
  world_.pass(seconds(3));
  const queue::Job elsewhere = world_.submit(lane(kSites, "shop"));
  const queue::Job among_them = world_.submit(lane(kSites - 1, "shop"));
  world_.pass(seconds(1));
  EXPECT_TRUE(is_delivered(elsewhere));
  EXPECT_TRUE(is_delivered(among_them));
  EXPECT_LT(world_.delivered.size(), 60u);
}

TEST_F(SchedulerTurns, OwnersTakeTurnsAtTheRateOfTheirGroup) {
  make_sites({.connections = 50, .rate = relay::Rate{10, seconds(1)}, .group = "operator"});
  newsletter("letters", 10);
  for (std::size_t i = 0; i < 5; ++i) world_.submit_many(lane(i, "neighbour"), 100);
  world_.pass(seconds(20));
  EXPECT_NEAR(static_cast<double>(world_.count("neighbour")), 100, 15);
  EXPECT_NEAR(static_cast<double>(world_.count("letters")), 100, 15);
}

TEST_F(SchedulerTurns, APasswordResetGetsTheNextPlaceAtItsAddress) {
  make_sites({.connections = 20, .address = "192.0.2.1", .slow = true});
  expect_that_resets_go_next();
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerTurns, AnotherOwnerGetsAPlaceAtTheAddressWithinATurn) {
  make_sites({.connections = 20, .address = "192.0.2.1", .slow = true});
  expect_that_another_owner_gets_a_turn();
  EXPECT_TRUE(world_.claims_fit());
}

// Nothing is lost, doubled or forgotten by all the moving.
TEST_F(SchedulerTurns, InTheEndAllOfItGoes) {
  make_sites({.connections = 3,
              .rate = relay::Rate{100, seconds(1)},
              .group = "operator",
              .address = "192.0.2.1",
              .slow = true});
  for (std::size_t i = 0; i < 50; ++i) {
    world_.submit_many(lane(i, "letters"), 12);
    world_.submit_many(lane(i, "neighbour"), 3);
    world_.submit_many(lane(i, "shop"), 2, i % 2 == 0);
  }
  pass_answering(seconds(90));
  EXPECT_EQ(world_.delivered.size(), 50u * 17);
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

}  // namespace
}  // namespace signpost::delivery
