// A receiver that cannot be reached: who probes it, how often, and what its return releases.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SchedulerReturn : public SchedulerTest {};

TEST_F(SchedulerReturn, AReceiverThatWasAwayGetsItsOnlyMessageWithinSeconds) {
  world_.delay = [](const queue::Job&) { return hours(1); };
  std::size_t sent = 0;
  for (const std::size_t count : {1u, 3u}) {
    for (const seconds away : {seconds(1), seconds(10), seconds(60)}) {
      world_.receiver(kSite).refuses = true;
      const auto jobs = submit(kLane, count);
      sent += count;
      world_.pass(away);
      EXPECT_LE(attempts(jobs), count) << "a connection without a job is not an attempt";
      world_.receiver(kSite).refuses = false;
      world_.pass(seconds(5));
      EXPECT_EQ(world_.delivered.size(), sent) << "away for " << away.count() << " s";
      world_.pass(seconds(20));  // its connections have ended
    }
  }
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerReturn, AReceiverThatTurnsMailAwayIsAwayUntilItTakesSome) {
  world_.delay = [](const queue::Job&) { return hours(1); };
  for (const seconds away : {seconds(1), seconds(10)}) {
    const std::size_t before = world_.delivered.size();
    world_.receiver(kSite).turns_away = true;
    const auto jobs = submit(kLane, 40);
    world_.pass(away);
    EXPECT_LE(attempts(jobs), 40u + 20u) << "then one connection at a time";
    world_.receiver(kSite).turns_away = false;
    world_.pass(seconds(6));
    EXPECT_EQ(world_.delivered.size(), before + 40) << "away for " << away.count() << " s";
    world_.pass(seconds(20));
  }
  EXPECT_EQ(world_.away.size(), world_.back.size());
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerReturn, OneConnectionFindsOutWhetherMailIsStillTurnedAway) {
  world_.delay = [](const queue::Job&) { return hours(1); };
  world_.receiver(kSite) = {.connections = 4, .turns_away = true, .slow = true};
  (void)submit(kLane, 20);
  world_.run();
  EXPECT_EQ(world_.open(kSite), 4u);
  while (world_.answer(kSite) > 0) world_.run();
  for (int i = 0; i < 5; ++i) {
    world_.pass(seconds(20));
    EXPECT_EQ(world_.open(kSite), 1u) << "with the one job that is under way";
    (void)world_.answer(kSite);
    world_.run();
  }
}

TEST_F(SchedulerReturn, ADeadHostIsProbedLessAndLessOften) {
  world_.receiver(kSite).refuses = true;
  world_.delay = [](const queue::Job&) { return hours(4); };
  const auto jobs = submit(kLane, 1);
  world_.pass(minutes(1));
  EXPECT_LE(world_.opened[kSite], 17u);
  world_.pass(minutes(59));
  const std::size_t in_the_first_hour = world_.opened[kSite];
  EXPECT_LE(in_the_first_hour, 90u);
  world_.pass(hours(2), seconds(1));
  EXPECT_LE(world_.opened[kSite], in_the_first_hour + 2 * 16) << "every five minutes in the end";
  EXPECT_EQ(attempts(jobs), 1u);
  EXPECT_EQ(world_.charged, 1u);
}

TEST_F(SchedulerReturn, AnAbsenceIsToldOnceAndSoIsItsEnd) {
  world_.receiver(kSite).refuses = true;
  world_.delay = [](const queue::Job&) { return minutes(1); };
  (void)submit(kLane, 50);
  (void)submit({"a.example", "other", ""}, 5);
  world_.pass(minutes(10));
  ASSERT_EQ(world_.away.size(), 1u);
  EXPECT_EQ(world_.away[0].site, kSite);
  EXPECT_EQ(world_.away[0].why.reply.text, test::later().reply.text);
  EXPECT_EQ(world_.away[0].lanes.size(), 2u);
  EXPECT_GT(world_.charged, 20u);
  EXPECT_EQ(world_.no_news, world_.charged - 1) << "each attempt but the first is no news";
  EXPECT_TRUE(world_.back.empty());
  world_.receiver(kSite).refuses = false;
  world_.pass(minutes(6));
  EXPECT_EQ(world_.delivered.size(), 55u);
  ASSERT_EQ(world_.back.size(), 1u);
  EXPECT_EQ(world_.back[0].site, kSite);
  EXPECT_GE(world_.back[0].after, minutes(9));
  EXPECT_GE(world_.back[0].attempts, world_.charged) << "and those that no job was charged with";
  EXPECT_EQ(world_.away.size(), 1u);
}

TEST_F(SchedulerReturn, TheLanesOfEarlierRunsAreToldOf) {
  world_.receiver(kSite).refuses = true;
  for (int i = 0; i < 20; ++i) (void)world_.leave(kLane, world_.now().schedule);
  world_.restart();
  world_.pass(seconds(10));
  ASSERT_EQ(world_.away.size(), 1u);
  EXPECT_EQ(world_.away[0].lanes, std::vector{kLane});
}

TEST_F(SchedulerReturn, WhileOthersCarryMailNobodyIsAway) {
  world_.receiver(kSite) = {.hangs = true};
  (void)submit(kLane, 2);
  world_.run();
  world_.receiver(kSite).slow = true;
  const std::size_t open = world_.open(kSite);
  ASSERT_GE(open, 2u);
  world_.connect_all();
  EXPECT_TRUE(world_.away.empty());
  EXPECT_TRUE(world_.back.empty()) << "it was not away before";
}

TEST_F(SchedulerReturn, ASiteThatDeliversOverOpenConnectionsIsNotShownAsBackingOff) {
  const auto shown = [&] { return world_.scheduler.sites(1, world_.now()).sites.at(0); };
  world_.receiver(kSite) = {.connections = 2, .slow = true};
  (void)submit(kLane, 1);
  world_.run();
  world_.receiver(kSite).hangs = true;
  (void)submit(kLane, 1);
  world_.run();
  world_.fail_one(kSite, test::later("busy"));
  world_.run();
  EXPECT_EQ(shown().state, SiteState::Limited);
  EXPECT_EQ(shown().connections, 1u);
  EXPECT_EQ(shown().failures, 1u);
  EXPECT_TRUE(shown().next_try);
  world_.end_connections();
  EXPECT_EQ(shown().connections, 0u);
  EXPECT_EQ(shown().state, SiteState::BackingOff);
}

TEST_F(SchedulerReturn, AnAbsenceIsRememberedWhileTheSiteIsForgotten) {
  world_.receiver(kSite) = {.hangs = true};
  world_.delay = [](const queue::Job&) { return hours(1); };
  delivery::Disposition busy = test::later("busy");
  busy.reply.code = 421;
  (void)submit(kLane, 1);
  world_.run();
  for (int attempt = 0; attempt < 3; ++attempt) {
    world_.fail_one(kSite, busy);
    world_.pass(minutes(30), seconds(1));
    EXPECT_EQ(world_.scheduler.figures().sites, 0u);
    world_.pass(minutes(30) + seconds(2), seconds(1));
  }
  EXPECT_EQ(world_.charged, 3u);
  EXPECT_EQ(world_.no_news, 2u);
  EXPECT_EQ(world_.away.size(), 1u);
  world_.connect_all();
  world_.run();
  EXPECT_EQ(world_.delivered.size(), 1u);
  ASSERT_EQ(world_.back.size(), 1u);
  EXPECT_GE(world_.back[0].after, hours(2));
  EXPECT_EQ(world_.back[0].attempts, 3u);
}

TEST_F(SchedulerReturn, ADomainThatCannotBeLookedUpIsNewsOnce) {
  world_.unroutable["a.example"] = test::later("no name server answers");
  world_.delay = [](const queue::Job&) { return minutes(1); };
  (void)submit(kLane, 1);
  world_.pass(hours(1), seconds(1));
  EXPECT_GT(world_.charged, 5u);
  EXPECT_EQ(world_.no_news, world_.charged - 1);
}

TEST_F(SchedulerReturn, ADeadHostWithoutMailIsNotProbed) {
  world_.receiver(kSite).refuses = true;
  world_.delay = [](const queue::Job&) { return minutes(10); };
  const auto jobs = submit(kLane, 1);
  world_.pass(minutes(1));
  const auto job = world_.store.claim(jobs.front().ref);
  ASSERT_TRUE(job && *job);
  queue::Change removal;
  removal.removed.push_back(**job);
  const queue::Change* const change = &removal;
  ASSERT_TRUE(world_.store.apply({&change, 1}).has_value());
  world_.store.claims().release(jobs.front().ref);
  world_.pass(minutes(10), seconds(1));
  const std::size_t opened = world_.opened[kSite];
  world_.pass(hours(1), seconds(1));
  EXPECT_EQ(world_.opened[kSite], opened) << "after its time";
}

TEST_F(SchedulerReturn, AReceiverThatRefusesConnectionsIsNotTriedBeforeMailIsDue) {
  world_.receiver(kSite) = {.hangs = true};
  world_.delay = [](const queue::Job&) { return hours(1); };
  (void)submit(kLane, 1);
  world_.run();
  delivery::Disposition busy = test::later("busy");
  busy.reply.code = 421;
  world_.fail_one(kSite, busy);
  world_.receiver(kSite).hangs = false;
  world_.pass(minutes(30), seconds(1));
  EXPECT_EQ(world_.opened[kSite], 1u);
  world_.pass(minutes(31), seconds(1));
  EXPECT_EQ(world_.delivered.size(), 1u);
}

}  // namespace
}  // namespace signpost::delivery
