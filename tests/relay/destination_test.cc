#include "relay/destination.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace signpost::relay {
namespace {

using Then = Destination::Pushed::Then;

// A next hop with `connections` at most, and jobs named by their number.
class DestinationTest : public testing::Test {
 protected:
  void connections(std::size_t n) { hop_.connections = n; }

  Destination::Pushed push(std::uint16_t number, std::size_t worker = 0) {
    PendingJob job;
    job.job.ref.number = number;
    return destination_.push(job, hop_, worker, now_);
  }
  static int number(const std::optional<PendingJob>& job) { return job ? job->job.ref.number : -1; }
  static Disposition refused() { return local(Outcome::Delayed, {4, 4, 1}, "refused"); }

  NextHop hop_ = [] {
    NextHop hop;
    hop.connections = 2;
    return hop;
  }();
  Destination destination_{hop_, 2};
  SteadyTime now_ = SteadyTime{} + std::chrono::hours(1);
  const SessionRef first_{0, 1};
  const SessionRef second_{1, 2};
};

TEST_F(DestinationTest, OpensNoMoreConnectionsThanAllowed) {
  EXPECT_EQ(push(1).then, Then::Open);
  EXPECT_EQ(push(2).then, Then::Open);
  EXPECT_EQ(push(3).then, Then::Wait);
}

TEST_F(DestinationTest, SpreadsConnectionsOverTheWorkers) {
  connections(4);
  EXPECT_EQ(push(1, 0).open, 0U);
  EXPECT_EQ(push(2, 0).open, 1U);
  EXPECT_EQ(push(3, 1).open, 1U);
  EXPECT_EQ(push(4, 1).open, 0U);
  for (int i = 0; i < 4; ++i) destination_.connection_ready();
  // Two of worker 0 end: what is left is with worker 1, so that the replacement is not.
  EXPECT_EQ(destination_.connection_ended({0, 1}, true, std::nullopt, now_).open, 0U);
  EXPECT_EQ(destination_.connection_ended({1, 2}, true, std::nullopt, now_).open, 1U);
}

TEST_F(DestinationTest, HandsJobsOutInTheOrderOfTheirArrival) {
  push(1);
  push(2);
  destination_.connection_ready();
  EXPECT_EQ(number(destination_.take()), 1);
  EXPECT_EQ(number(destination_.take_or_idle(first_)), 2);
  EXPECT_EQ(number(destination_.take_or_idle(first_)), -1);
}

TEST_F(DestinationTest, WakesAnIdleSessionInsteadOfOpeningAConnection) {
  push(1);
  destination_.connection_ready();
  (void)destination_.take_or_idle(first_);
  EXPECT_FALSE(destination_.take_or_idle(first_));
  const auto pushed = push(2);
  EXPECT_EQ(pushed.then, Then::Wake);
  EXPECT_EQ(pushed.wake, first_);
  // It is not woken twice: the next job waits or opens another connection.
  EXPECT_EQ(push(3).then, Then::Open);
}

TEST_F(DestinationTest, PrefersTheIdleSessionOfTheSameWorker) {
  push(1);
  push(2);
  destination_.connection_ready();
  destination_.connection_ready();
  (void)destination_.take();
  (void)destination_.take();
  (void)destination_.take_or_idle(first_);
  (void)destination_.take_or_idle(second_);
  EXPECT_EQ(push(3, second_.worker).wake, second_);
  EXPECT_EQ(push(4, second_.worker).wake, first_);
}

TEST_F(DestinationTest, EarlyIsOnlyWhatNoSessionIsFreeFor) {
  push(1);
  push(2);
  push(3);
  destination_.connection_ready();
  destination_.connection_ready();
  // Two sessions, three jobs: one too many. With two jobs only a session that is soon free.
  EXPECT_EQ(number(destination_.take_early(false)), 1);
  EXPECT_EQ(number(destination_.take_early(false)), -1);
  EXPECT_EQ(number(destination_.take_early(true)), 2);
  (void)destination_.take();
  EXPECT_EQ(number(destination_.take_early(true)), -1);
}

TEST_F(DestinationTest, NothingIsTakenEarlyBesideAnIdleSession) {
  push(1);
  push(2);
  destination_.connection_ready();
  destination_.connection_ready();
  (void)destination_.take();
  (void)destination_.take();
  (void)destination_.take_or_idle(first_);
  (void)destination_.take_or_idle(second_);
  push(3);  // wakes one, which has not come for it yet
  EXPECT_EQ(number(destination_.take_early(true)), -1);
}

TEST_F(DestinationTest, NothingIsTakenEarlyOnceAPeerHasLostIt) {
  push(1);
  destination_.connection_ready();
  destination_.forbid_early();
  EXPECT_EQ(number(destination_.take_early(true)), -1);
}

TEST_F(DestinationTest, ASessionThatTakesAJobIsNotWokenForTheNext) {
  connections(1);
  push(1);
  destination_.connection_ready();
  (void)destination_.take_or_idle(first_);
  (void)destination_.take_or_idle(first_);  // idle
  push(2);                                  // wakes it
  EXPECT_EQ(number(destination_.take_or_idle(first_)), 2);
  EXPECT_EQ(push(3).then, Then::Wait);
}

TEST_F(DestinationTest, LeavingIdleTellsWhetherAWakeUpIsOnItsWay) {
  push(1);
  destination_.connection_ready();
  (void)destination_.take();
  (void)destination_.take_or_idle(first_);
  EXPECT_TRUE(destination_.leave_idle(first_));
  EXPECT_FALSE(destination_.leave_idle(first_));
}

TEST_F(DestinationTest, JobsShareTheFailureWhenNoConnectionIsLeft) {
  push(1);
  push(2);
  auto ended = destination_.connection_ended(first_, false, refused(), now_);
  EXPECT_TRUE(ended.stranded.empty()) << "another connection is still on its way";
  ended = destination_.connection_ended(second_, false, refused(), now_);
  EXPECT_EQ(ended.stranded.size(), 2u);
  EXPECT_FALSE(ended.open);
}

TEST_F(DestinationTest, BacksOffAfterAFailureAndForgetsItInTime) {
  push(1);
  (void)destination_.connection_ended(first_, false, refused(), now_);
  const auto pushed = push(2);
  EXPECT_EQ(pushed.then, Then::Defer);
  EXPECT_EQ(pushed.failure.reply.text, "refused");
  EXPECT_FALSE(destination_.unused(now_));
  now_ += std::chrono::minutes(10);
  EXPECT_EQ(push(3).then, Then::Open);
}

TEST_F(DestinationTest, TriesWithOneConnectionAfterAFailure) {
  push(1);
  (void)destination_.connection_ended(first_, false, refused(), now_);
  now_ += std::chrono::minutes(10);
  EXPECT_EQ(push(2).then, Then::Open);
  EXPECT_EQ(push(3).then, Then::Wait);
}

TEST_F(DestinationTest, ForgivenItIsTriedAtOnce) {
  push(1);
  (void)destination_.connection_ended(first_, false, refused(), now_);
  destination_.forgive();
  EXPECT_EQ(push(2).then, Then::Open);
}

TEST_F(DestinationTest, AFailureBesideAWorkingConnectionCostsNoJobAnything) {
  push(1);
  push(2);
  destination_.connection_ready();
  auto ended = destination_.connection_ended(second_, false, refused(), now_);
  EXPECT_TRUE(ended.stranded.empty());
  EXPECT_EQ(destination_.ready(), 2u);
  EXPECT_EQ(push(3).then, Then::Wait);
}

TEST_F(DestinationTest, AConnectionThatEndsWithJobsLeftIsReplaced) {
  connections(1);
  push(1);
  push(2);
  destination_.connection_ready();
  (void)destination_.take();
  const auto ended = destination_.connection_ended(first_, true, std::nullopt, now_);
  EXPECT_TRUE(ended.open);
  EXPECT_TRUE(ended.stranded.empty());
}

TEST_F(DestinationTest, JobsAreNotLeftAloneWhenTheOnlyWorkingConnectionEnds) {
  push(1);
  push(2);
  destination_.connection_ready();
  (void)destination_.connection_ended(second_, false, refused(), now_);
  (void)destination_.take();
  const auto ended = destination_.connection_ended(first_, true, std::nullopt, now_);
  EXPECT_TRUE(ended.open);
}

TEST_F(DestinationTest, TakesNoMoreThanItsBound) {
  for (std::size_t i = 0; i < Destination::kMaxReady; ++i) {
    ASSERT_NE(push(static_cast<std::uint16_t>(i)).then, Then::Full);
  }
  EXPECT_EQ(push(9).then, Then::Full);
  EXPECT_EQ(destination_.ready(), Destination::kMaxReady);
}

TEST(Destinations, ForgetsOnlyWhatNobodyUses) {
  Destinations destinations;
  NextHop hop;
  hop.key = "mx:a.example";
  const SteadyTime now = SteadyTime{} + std::chrono::hours(1);
  {
    const auto held = destinations.find_or_create(hop);
    destinations.forget_unused(now);
    EXPECT_EQ(destinations.size(), 1u);
    EXPECT_EQ(destinations.find_or_create(hop), held);
  }
  destinations.forget_unused(now);
  EXPECT_EQ(destinations.size(), 0u);
}

}  // namespace
}  // namespace signpost::relay
