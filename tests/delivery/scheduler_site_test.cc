// Where mail goes: connections, their failures, and who has a turn.
#include "tests/delivery/scheduler_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const queue::Lane kElsewhere{"b.example", "shop", ""};
const std::string kOtherSite = "mx:b.example";

class SchedulerSite : public SchedulerTest {};

// --- connections ---

TEST_F(SchedulerSite, OpensOneConnectionForEachJobUpToTheLimit) {
  world_.receiver(kSite) = {.connections = 3, .slow = true};
  (void)submit(kLane, 2);
  world_.run();
  EXPECT_EQ(world_.open(kSite), 2u);
  (void)submit(kLane, 20);
  world_.run();
  EXPECT_EQ(world_.open(kSite), 3u);
  while (world_.answer(kSite) > 0) world_.pass(milliseconds(100));
  EXPECT_EQ(world_.delivered.size(), 22u);
  EXPECT_EQ(world_.opened[kSite], 3u);
}

TEST_F(SchedulerSite, LanesOfManyDomainsShareOneSiteAndItsConnections) {
  world_.receiver("mx:big") = {.connections = 2, .slow = true};
  for (int i = 0; i < 50; ++i) {
    const std::string domain = std::to_string(i) + ".example";
    world_.sites[domain] = "mx:big";
    (void)world_.submit({domain, "shop", ""});
  }
  world_.run();
  EXPECT_EQ(world_.scheduler.figures().sites, 1u);
  while (world_.answer("mx:big") > 0) world_.pass(milliseconds(100));
  EXPECT_EQ(world_.delivered.size(), 50u);
  EXPECT_EQ(world_.most_open["mx:big"], 2u);
  EXPECT_EQ(world_.opened["mx:big"], 2u);
}

TEST_F(SchedulerSite, TellsWhereMailOfALaneGoesAndHowManySitesBackOff) {
  world_.receiver(kSite) = {.refuses = true};
  (void)world_.submit(kLane);
  EXPECT_EQ(world_.scheduler.hosts({kLane}), std::vector<std::string>{""}) << "not looked up yet";
  world_.run();
  EXPECT_NE(world_.scheduler.hosts({kLane}).front(), "");
  world_.pass(seconds(2));
  EXPECT_EQ(world_.scheduler.figures().failing, 1u);
  world_.receiver(kSite) = {};
  world_.pass(seconds(60));
  EXPECT_EQ(world_.delivered.size(), 1u);
  EXPECT_EQ(world_.scheduler.figures().failing, 0u);
}

// Each name of a wildcard domain is a site of its own.
TEST_F(SchedulerSite, SitesShareTheConnectionsToOneAddress) {
  for (int i = 0; i < 200; ++i) {
    const std::string domain = std::to_string(i) + ".wild.example";
    world_.receiver("mx:" + domain) = {.hangs = true, .address = "192.0.2.1"};
    (void)world_.submit({domain, "spammer", ""});
  }
  world_.receiver(kSite) = {.address = "192.0.2.2"};
  (void)world_.submit(kLane);
  world_.pass(seconds(300));
  EXPECT_EQ(world_.most_open_to["192.0.2.1"], 20u);
  EXPECT_EQ(world_.delivered.size(), 1u) << "the other receiver is served";
  EXPECT_EQ(world_.charged, 0u) << "waiting for a place is not an attempt";
  EXPECT_LE(world_.scheduler.figures().in_memory, 20u) << "what waits for a place is in the store";
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, ASiteThatWaitsForAnAddressGetsTheNextFreePlace) {
  for (int i = 0; i < 200; ++i) {
    const std::string domain = std::to_string(i) + ".hosted.example";
    world_.receiver("mx:" + domain) = {.address = "192.0.2.1"};
    (void)world_.submit({domain, "shop", ""});
  }
  world_.pass(seconds(20));
  EXPECT_EQ(world_.delivered.size(), 200u) << "places are handed on, not waited for by the clock";
  EXPECT_LE(world_.most_open_to["192.0.2.1"], 20u);
}

TEST_F(SchedulerSite, ASkippedSiteLooksForAPlaceItself) {
  for (int i = 0; i < 21; ++i) {
    const std::string domain = std::to_string(i) + ".wild.example";
    world_.receiver("mx:" + domain) = {.hangs = true, .address = "192.0.2.1"};
    (void)world_.submit({domain, "shop", ""});
  }
  world_.run();
  EXPECT_EQ(world_.open_to("192.0.2.1"), 20u);
  world_.receiver("mx:20.wild.example").address.clear();  // its records have changed
  world_.receiver("mx:20.wild.example").hangs = false;
  world_.pass(seconds(61));
  EXPECT_EQ(world_.delivered.size(), 1u);
}

TEST_F(SchedulerSite, MailAfterAQuietTimeNeedsOneConnection) {
  world_.receiver(kSite).connections = 1;
  for (std::size_t i = 1; i <= 3; ++i) {
    (void)world_.submit(kLane);
    world_.pass(seconds(20));  // the site is forgotten, the lane is not
    EXPECT_EQ(world_.delivered.size(), i);
    EXPECT_EQ(world_.opened[kSite], i);
  }
  EXPECT_EQ(world_.most_open[kSite], 1u);
}

TEST_F(SchedulerSite, AnIdleConnectionTakesTheNextMessage) {
  (void)world_.submit(kLane);
  world_.pass(seconds(2));
  (void)world_.submit(kLane);
  world_.pass(seconds(2));
  EXPECT_EQ(world_.delivered.size(), 2u);
  EXPECT_EQ(world_.opened[kSite], 1u);
}

// --- a site that is full or down costs nothing ---

TEST_F(SchedulerSite, WaitingBehindOneConnectionWritesNothingAndReadsHardlyAnything) {
  constexpr std::size_t kJobs = 60'000;
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  world_.submit_many(kLane, kJobs);
  world_.run();
  const std::size_t rows = world_.store.rows();
  const std::size_t reads = world_.store.reads;
  world_.pass(minutes(2));
  EXPECT_EQ(world_.store.changes, 0u);
  EXPECT_EQ(world_.store.rows(), rows);
  EXPECT_EQ(world_.store.reads, reads);
  EXPECT_LE(world_.store.jobs_read, 256u);
  EXPECT_EQ(world_.delivered.size(), 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, WaitingForADeadHostWritesNothingButItsAttempts) {
  world_.receiver(kSite).refuses = true;
  world_.delay = [](const queue::Job&) { return hours(1); };
  const std::vector<queue::Job> jobs = submit(kLane, 2000);
  world_.pass(minutes(20), seconds(1));
  EXPECT_EQ(world_.store.changes, world_.opened[kSite]);
  EXPECT_EQ(world_.charged, world_.opened[kSite]);
  EXPECT_EQ(attempts(jobs), world_.opened[kSite]);
  EXPECT_LE(world_.store.jobs_read, 2 * world_.opened[kSite]);
  EXPECT_EQ(world_.scheduler.figures().in_memory, 0u);
  EXPECT_TRUE(world_.claims_fit());
  world_.receiver(kSite).refuses = false;
  world_.pass(hours(2), seconds(5));
  EXPECT_EQ(world_.delivered.size(), 2000u);
}

// --- attempts and back-off ---

TEST_F(SchedulerSite, ConnectionsThatFailTogetherAreOneAttemptOfOneJob) {
  world_.receiver(kSite) = {.connections = 4, .refuses = true, .hangs = true};
  const std::vector<queue::Job> jobs = submit(kLane, 10);
  world_.run();
  ASSERT_EQ(world_.opened[kSite], 4u);
  world_.clock.advance(milliseconds(10));
  world_.connect_all();
  world_.run();
  EXPECT_EQ(world_.charged, 1u);
  EXPECT_EQ(attempts(jobs), 1u);
  EXPECT_EQ(world_.store.changes, 1u);
  world_.receiver(kSite).hangs = false;
  world_.pass(seconds(1));
  EXPECT_EQ(world_.charged, 2u) << "the next one that fails is that of another job";
  for (const queue::Job& job : jobs) EXPECT_LE(world_.attempts(job), 1u);
}

TEST_F(SchedulerSite, FailuresTogetherCountOnceInTheBackOff) {
  world_.receiver(kSite) = {.connections = 4, .refuses = true, .hangs = true};
  (void)submit(kLane, 10);
  world_.run();
  world_.clock.advance(seconds(1));
  world_.connect_all();
  world_.run();
  world_.pass(milliseconds(900));
  EXPECT_EQ(world_.opened[kSite], 4u);
  world_.pass(milliseconds(200));
  EXPECT_EQ(world_.opened[kSite], 5u) << "the first step of the ladder, a second";
}

TEST_F(SchedulerSite, AReceiverThatWasAwayGetsAllOfItsMailWithinSeconds) {
  world_.receiver(kSite) = {.connections = 10, .refuses = true, .hangs = true};
  world_.delay = [](const queue::Job&) { return hours(1); };
  (void)submit(kLane, 3000);
  world_.run();
  world_.clock.advance(milliseconds(10));
  world_.connect_all();
  world_.receiver(kSite).hangs = false;
  world_.pass(minutes(1));
  EXPECT_LE(world_.charged, 20u);
  world_.receiver(kSite).refuses = false;
  world_.pass(seconds(5));
  EXPECT_EQ(world_.delivered.size(), 3000u) << "with those that were put off because it was away";
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, WhatTheReceiverPutOffItselfKeepsItsTimeWhenItReturns) {
  world_.delay = [](const queue::Job&) { return hours(1); };
  world_.reply = [](const queue::Job&) { return Outcome::Delayed; };
  (void)submit(kLane, 5);
  world_.run();
  world_.reply = nullptr;
  world_.pass(seconds(20));
  world_.receiver(kSite).refuses = true;
  (void)submit(kLane, 50);
  world_.pass(seconds(20));
  EXPECT_EQ(world_.delivered.size(), 0u);
  world_.receiver(kSite).refuses = false;
  world_.pass(minutes(10));
  EXPECT_EQ(world_.delivered.size(), 50u);
}

TEST_F(SchedulerSite, MailCutOffByAReceiverGoingDownGoesWhenItReturns) {
  world_.receiver(kSite) = {.connections = 4, .slow = true};
  world_.delay = [](const queue::Job&) { return hours(1); };
  const auto jobs = submit(kLane, 40);
  world_.run();
  world_.receiver(kSite).refuses = true;
  world_.reply = [this](const queue::Job& job) {
    world_.scheduler.cut_off(job);
    return Outcome::Delayed;
  };
  EXPECT_EQ(world_.answer(kSite), 4u);
  world_.end_connections();
  world_.pass(seconds(10));
  EXPECT_GT(attempts(jobs), 4u);
  world_.reply = nullptr;
  world_.receiver(kSite) = {.connections = 4};
  world_.pass(seconds(5));
  EXPECT_EQ(world_.delivered.size(), 40u);
  EXPECT_EQ(world_.twice, 0u);
}

TEST_F(SchedulerSite, AMessageThatBringsItsReceiverDownGoesOnceMoreAtOnceAndThenByItsSchedule) {
  world_.receiver(kSite).connections = 1;
  world_.delay = [](const queue::Job&) { return hours(1); };
  world_.reply = [this](const queue::Job& job) {
    world_.scheduler.cut_off(job);
    world_.receiver(kSite).refuses = true;
    return Outcome::Delayed;
  };
  const auto poison = submit(kLane, 1);
  world_.run();
  for (int i = 0; i < 10; ++i) {
    world_.end_connections();
    (void)world_.submit(kElsewhere);  // time passes
    world_.pass(seconds(20));
    world_.receiver(kSite).refuses = false;
    world_.pass(seconds(20));
  }
  EXPECT_LE(attempts(poison), 2u);
}

TEST_F(SchedulerSite, ARefusedConnectionWhileOthersCarryMailIsNotAnAttempt) {
  world_.receiver(kSite) = {.connections = 2, .slow = true};
  (void)submit(kLane, 1);
  world_.run();
  world_.receiver(kSite).refuses = true;
  const auto jobs = submit(kLane, 20);
  world_.pass(minutes(2));
  EXPECT_GT(world_.opened[kSite], 2u);
  EXPECT_EQ(world_.charged, 0u);
  EXPECT_EQ(attempts(jobs), 0u);
  while (world_.answer(kSite) > 0) world_.run();
  EXPECT_EQ(world_.delivered.size(), 21u) << "over the one connection";
}

TEST_F(SchedulerSite, WhileFailingOneConnectionAtATimeUntilTheFirstSuccess) {
  world_.receiver(kSite) = {.connections = 4, .refuses = true};
  world_.delay = [](const queue::Job&) { return hours(1); };
  (void)submit(kLane, 40);
  world_.pass(seconds(60));
  const std::size_t tried = world_.opened[kSite];
  EXPECT_LE(tried, 4u + 17u) << "then after 1 s, 2 s, 4 s, 4 s, ...";
  world_.receiver(kSite) = {.connections = 4, .hangs = true};
  world_.pass(minutes(5));
  EXPECT_EQ(world_.open(kSite), 1u);
  world_.receiver(kSite) = {.connections = 4, .slow = true};
  world_.connect_all();
  world_.pass(seconds(1));
  EXPECT_EQ(world_.open(kSite), 4u);
}

TEST_F(SchedulerSite, ADeadHostCostsOtherMailNoAttempts) {
  world_.receiver(kSite).refuses = true;
  (void)submit(kLane, 5);
  const std::vector<queue::Job> others = submit(kElsewhere, 5);
  world_.pass(seconds(30));
  EXPECT_EQ(world_.delivered.size(), others.size());
  EXPECT_EQ(world_.charged, 5u);
  EXPECT_LE(world_.opened[kSite], 12u);
}

TEST_F(SchedulerSite, ForgivingTriesThatSiteAtOnceAndNoOther) {
  for (const std::string& site : {kSite, kOtherSite}) world_.receiver(site).refuses = true;
  world_.delay = [](const queue::Job&) { return hours(1); };
  (void)submit(kLane, 50);
  (void)submit(kElsewhere, 50);
  world_.pass(minutes(4));
  const auto before = world_.opened;
  world_.receiver(kSite).refuses = world_.receiver(kOtherSite).refuses = false;
  world_.order(
      [&](const auto& at, Orders& orders) { world_.scheduler.forgive(kLane, at, orders); });
  world_.run();
  EXPECT_GT(world_.opened[kSite], before.at(kSite));
  EXPECT_GT(world_.delivered.size(), 0u);
  EXPECT_EQ(world_.opened[kOtherSite], before.at(kOtherSite));
}

// --- look-ups ---

TEST_F(SchedulerSite, AFailedLookUpIsAnAttemptOfOneJobAndTheLaneWaits) {
  world_.unroutable["a.example"] = test::later();
  const std::vector<queue::Job> jobs = submit(kLane, 20);
  world_.pass(milliseconds(4500));
  EXPECT_EQ(world_.looked_up, 1u);
  EXPECT_EQ(attempts(jobs), 1u);
  EXPECT_EQ(world_.store.changes, 1u);
  EXPECT_EQ(world_.scheduler.figures().in_memory, 0u);
  world_.pass(seconds(1));
  EXPECT_EQ(world_.looked_up, 2u);
  EXPECT_EQ(attempts(jobs), 2u);
  world_.pass(seconds(9));
  EXPECT_EQ(world_.looked_up, 2u) << "the second wait is longer";
  world_.unroutable.clear();
  world_.pass(minutes(3));
  EXPECT_EQ(world_.delivered.size(), 20u);
}

TEST_F(SchedulerSite, ADomainThatDoesNotExistFailsAllItsJobs) {
  world_.unroutable["a.example"] = test::never();
  for (int i = 0; i < 700; ++i) (void)world_.submit(kLane, 1, i < 5);
  (void)submit(kElsewhere, 3);
  world_.pass(seconds(1));
  EXPECT_EQ(world_.failed.size(), 700u);
  EXPECT_EQ(world_.delivered.size(), 3u);
  EXPECT_EQ(world_.store.rows(), 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, ForgettingRoutesLooksEachLaneUpBeforeItsNextJob) {
  (void)submit(kLane, 3);
  world_.run();
  ASSERT_EQ(world_.looked_up, 1u);
  world_.sites["a.example"] = "smtp:elsewhere:25";
  world_.order([&](const auto& at, Orders& orders) { world_.scheduler.forget_routes(at, orders); });
  (void)submit(kLane, 3);
  world_.run();
  EXPECT_EQ(world_.looked_up, 2u);
  for (std::size_t i = 3; i < 6; ++i) EXPECT_EQ(world_.delivered.at(i).site, "smtp:elsewhere:25");
}

TEST_F(SchedulerSite, AnAnswerForAFormerConfigurationIsNotUsed) {
  Orders orders;
  PendingJob pending{world_.leave(kLane, world_.clock.schedule_now()), nullptr};
  ASSERT_TRUE(world_.store.claims().take(pending.job.ref));
  ASSERT_TRUE(world_.scheduler.accept(pending, true, 0, world_.now(), orders));
  ASSERT_EQ(orders.look_up.size(), 1u);
  Orders forgotten;
  world_.scheduler.forget_routes(world_.now(), forgotten);
  Orders answered;
  world_.scheduler.unroutable(kLane, test::never(), world_.now(), answered);
  EXPECT_TRUE(answered.settle.empty());
  EXPECT_EQ(answered.look_up.size(), 1u) << "asked again";
  Orders again;
  NextHop hop;
  hop.key = kSite;
  world_.scheduler.routed(kLane, hop, 0, world_.now(), again);
  EXPECT_EQ(again.open.size(), 1u);
}

// One line says that no domain can be looked up; none for each of them.
TEST_F(SchedulerSite, WhileNoDomainCanBeLookedUpALookUpInVainIsNoNews) {
  for (const bool is_news : {true, false}) {
    Orders orders;
    const queue::Lane lane{is_news ? "a.example" : "b.example", "shop", ""};
    PendingJob pending{world_.leave(lane, world_.clock.schedule_now()), nullptr};
    ASSERT_TRUE(world_.store.claims().take(pending.job.ref));
    ASSERT_TRUE(world_.scheduler.accept(pending, true, 0, world_.now(), orders));
    Orders answered;
    world_.scheduler.unroutable(lane, test::later(), world_.now(), answered, is_news);
    ASSERT_EQ(answered.settle.size(), 1u);
    EXPECT_EQ(answered.settle.front().facts.known, !is_news);
  }
}

// --- fairness ---

TEST_F(SchedulerSite, AnAccountWithMuchMailDoesNotHoldUpAnother) {
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  world_.submit_many(kLane, 10'000);
  for (int i = 0; i < 10; ++i) (void)world_.submit({"a.example", "small", ""});
  world_.run();
  for (int i = 0; i < 40; ++i) (void)world_.answer(kSite);
  EXPECT_EQ(world_.count("small"), 10u);
}

TEST_F(SchedulerSite, StoredMailOfASmallAccountPassesWhatIsInMemoryOfALargeOne) {
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  world_.submit_many(kLane, 10'000);
  for (int i = 0; i < 10; ++i) (void)world_.submit({"a.example", "small", ""}, 1, false);
  world_.run();
  for (int i = 0; i < 60; ++i) (void)world_.answer(kSite);
  EXPECT_EQ(world_.count("small"), 10u);
}

TEST_F(SchedulerSite, FairnessCountsRecipients) {
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  for (int i = 0; i < 100; ++i) (void)world_.submit({"a.example", "wide", ""}, 10);
  for (int i = 0; i < 1000; ++i) (void)world_.submit({"a.example", "narrow", ""}, 1);
  world_.run();
  for (int i = 0; i < 220; ++i) (void)world_.answer(kSite);
  EXPECT_NEAR(static_cast<double>(world_.count("wide")), 20, 3);
  EXPECT_NEAR(static_cast<double>(world_.count("narrow")), 200, 20);
}

// --- what waits too long ---

TEST_F(SchedulerSite, OverdueMailIsSearchedInWaitingLanesOnly) {
  world_.receiver(kSite).refuses = true;
  world_.delay = [](const queue::Job&) { return hours(1); };
  (void)submit(kLane, 200);
  for (int i = 0; i < 30; ++i) {
    (void)world_.submit(kElsewhere);
    world_.pass(minutes(1));
  }
  EXPECT_GE(world_.overdue.size(), 2u);
  EXPECT_LE(world_.overdue.size(), 3u) << "every ten minutes";
  for (const Orders::Overdue& order : world_.overdue) {
    EXPECT_EQ(order.lane, kLane);
    EXPECT_EQ(order.why.reply.text, "refused");
  }
}

// --- what costs next to nothing, and what is final ---

TEST_F(SchedulerSite, APermanentFailureFailsTheWholeLaneAndNoOther) {
  world_.sites[kElsewhere.domain] = kSite;
  world_.receiver(kSite).hangs = true;
  const auto here = submit(kLane, 30);
  const auto there = submit(kElsewhere, 30);
  world_.run();
  world_.fail_one(kSite, test::never("the domain has no host"));
  world_.run();
  EXPECT_GE(world_.failed.size(), 30u);
  EXPECT_LE(world_.failed.size(), 31u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, OverdueMailOfASilentReceiverIsFound) {
  world_.scheduler.set_schedule(hours(4), seconds(9));
  world_.receiver(kSite) = {.connections = 10, .hangs = true};
  const auto jobs = submit(kLane, 3);
  world_.pass(seconds(60));
  EXPECT_EQ(world_.open(kSite), 3u) << "nothing has failed";
  ASSERT_GE(world_.overdue.size(), 5u);
  EXPECT_LE(world_.overdue.size(), 7u);
  EXPECT_EQ(world_.overdue.front().lane, kLane);
  EXPECT_NE(world_.overdue.front().why.reply.text.find("does not answer"), std::string::npos);
  std::vector<queue::JobRef> refs;
  for (const queue::Job& job : jobs) refs.push_back(job.ref);
  EXPECT_EQ(world_.scheduler.withdraw(kLane, refs).size(), 3u) << "what has expired can be settled";
}

TEST_F(SchedulerSite, OnlyJobsInALineCanBeWithdrawn) {
  world_.receiver(kSite) = {.connections = 2, .slow = true};
  const auto jobs = submit(kLane, 10);
  const auto others = submit(kElsewhere, 1);
  world_.run();
  std::vector<queue::JobRef> refs{others.front().ref};
  for (const queue::Job& job : jobs) refs.push_back(job.ref);
  const auto withdrawn = world_.scheduler.withdraw(kLane, refs);
  EXPECT_EQ(withdrawn.size(), 8u) << "two are with sessions";
  EXPECT_TRUE(world_.scheduler.withdraw(kLane, refs).empty());
  for (const PendingJob& each : withdrawn) {
    EXPECT_TRUE(world_.store.claims().contains(each.job.ref)) << "claimed for us";
    queue::Change change;
    change.removed.push_back(each.job);
    const queue::Change* const changes[] = {&change};
    ASSERT_TRUE(world_.store.apply(changes));
    world_.store.claims().release(each.job.ref);
  }
  while (world_.answer(kSite) > 0) world_.run();
  world_.pass(minutes(2));
  EXPECT_EQ(world_.delivered.size(), 2u + 1u);
  EXPECT_EQ(world_.store.rows(), 0u);
  EXPECT_TRUE(world_.claims_fit());
  (void)submit(kLane, 5);
  world_.run();
  while (world_.answer(kSite) > 0) world_.run();
  EXPECT_EQ(world_.delivered.size(), 8u) << "the lane lives on";
}

TEST_F(SchedulerSite, OverdueMailThatWaitsInMemoryIsFound) {
  world_.scheduler.set_schedule(hours(4), minutes(10));
  world_.receiver(kSite) = {.connections = 1, .slow = true};
  (void)submit(kLane, 5);
  world_.pass(minutes(25), seconds(1));
  ASSERT_FALSE(world_.overdue.empty());
  EXPECT_EQ(world_.overdue.front().lane, kLane);
  while (world_.answer(kSite) > 0) world_.pass(milliseconds(100));
  EXPECT_EQ(world_.delivered.size(), 5u);
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, ThousandsOfLanesOfADeadSiteAllGoWhenItIsBack) {
  world_.receiver(kSite).refuses = true;
  for (int i = 0; i < 2000; ++i) {
    const std::string domain = std::to_string(i) + ".example";
    world_.sites[domain] = kSite;
    (void)world_.submit({domain, "shop", ""});
  }
  world_.pass(minutes(3), seconds(1));
  EXPECT_EQ(world_.delivered.size(), 0u);
  EXPECT_LT(world_.store.jobs_read, 200u);
  world_.receiver(kSite).refuses = false;
  world_.pass(minutes(30), seconds(1));
  EXPECT_EQ(world_.delivered.size(), 2000u);
  EXPECT_EQ(world_.twice, 0u);
  EXPECT_TRUE(world_.claims_fit());
}

TEST_F(SchedulerSite, SitesWithoutWorkAreForgottenWhenThereAreThousands) {
  world_.delay = [](const queue::Job&) { return hours(1); };
  for (int i = 0; i < 12'000; ++i) {
    const std::string domain = std::to_string(i) + ".example";
    world_.receiver("mx:" + domain).refuses = true;
    (void)world_.submit({domain, "shop", ""});
  }
  world_.pass(seconds(5));
  EXPECT_EQ(world_.scheduler.figures().sites, 0u) << "each had one job, which waits in the store";
}

TEST_F(SchedulerSite, ParkedLanesFollowTheirRoutesAfterAReload) {
  world_.receiver(kSite).refuses = true;
  for (int i = 0; i < 600; ++i) {
    const std::string domain = std::to_string(i) + ".example";
    world_.sites[domain] = kSite;
    (void)world_.submit({domain, "shop", ""});
  }
  world_.pass(minutes(1), seconds(1));
  for (auto& [domain, site] : world_.sites) site = kOtherSite;
  world_.order([&](const Scheduler::Now& now, Orders& orders) {
    world_.scheduler.forget_routes(now, orders);
  });
  world_.pass(minutes(10), seconds(1));
  EXPECT_GE(world_.delivered.size(), 590u);  // all but those that were charged with an attempt
  EXPECT_TRUE(world_.claims_fit());
}

}  // namespace
}  // namespace signpost::delivery
