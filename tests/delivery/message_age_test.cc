#include "delivery/message_age.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace signpost::delivery {
namespace {

using namespace std::chrono_literals;
using Mode = smtp::DeliverBy::Mode;

constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};

queue::RetrySchedule schedule() {
  return {.delays = {300s, 3600s}, .expire = 24h, .delay_notice = 4h, .jitter = 0.1};
}

queue::Envelope accepted(SystemTime time = kNoon) {
  queue::Envelope envelope;
  envelope.received = time;
  return envelope;
}

queue::Envelope wanted_by(SystemTime deadline, Mode mode) {
  queue::Envelope envelope = accepted();
  envelope.deadline = queue::Deadline{.time = deadline, .mode = mode};
  return envelope;
}

bool notice_due_at(SystemTime now, const queue::Envelope& envelope, bool notified = false) {
  queue::Job job;
  job.delay_notified = notified;
  return notice_due(envelope, job, schedule(), now);
}

// After the first attempt, without jitter.
std::optional<SystemTime> next_after(SystemTime now, const queue::Envelope& envelope) {
  return next_attempt(envelope, schedule(), now, 1, 0);
}

TEST(MessageAge, AMessageIsGivenUpWhenItsScheduleEnds) {
  EXPECT_EQ(give_up_time(accepted(), schedule()), kNoon + 24h);
}

TEST(MessageAge, ItCountsFromTheTimeThatTheSenderAskedFor) {
  queue::Envelope envelope = accepted();
  envelope.release = kNoon + 48h;
  EXPECT_EQ(give_up_time(envelope, schedule()), kNoon + 72h);
  EXPECT_FALSE(notice_due_at(kNoon + 51h, envelope));
  EXPECT_TRUE(notice_due_at(kNoon + 52h, envelope));
  EXPECT_EQ(next_after(kNoon + 71h, envelope), kNoon + 71h + 300s);
}

TEST(MessageAge, OnlyADeadlineThatReturnsBringsTheEndForward) {
  EXPECT_EQ(give_up_time(wanted_by(kNoon + 1h, Mode::Return), schedule()), kNoon + 1h);
  EXPECT_EQ(give_up_time(wanted_by(kNoon + 1h, Mode::Notify), schedule()), kNoon + 24h);
  EXPECT_EQ(give_up_time(wanted_by(kNoon + 48h, Mode::Return), schedule()), kNoon + 24h);
}

TEST(MessageAge, ADelayIsReportedOnceAtTheTimeOfTheSchedule) {
  EXPECT_FALSE(notice_due_at(kNoon + 4h - 1us, accepted()));
  EXPECT_TRUE(notice_due_at(kNoon + 4h, accepted()));
  EXPECT_FALSE(notice_due_at(kNoon + 4h, accepted(), true));
}

TEST(MessageAge, ADeadlineThatNotifiesReplacesTheTimeOfTheSchedule) {
  const queue::Envelope soon = wanted_by(kNoon + 1h, Mode::Notify);
  EXPECT_FALSE(notice_due_at(kNoon + 1h - 1us, soon));
  EXPECT_TRUE(notice_due_at(kNoon + 1h, soon));
  EXPECT_FALSE(notice_due_at(kNoon + 1h, soon, true));
  EXPECT_FALSE(notice_due_at(kNoon + 5h, wanted_by(kNoon + 6h, Mode::Notify)));
  EXPECT_TRUE(notice_due_at(kNoon + 4h, wanted_by(kNoon + 6h, Mode::Return)));
}

TEST(MessageAge, WithoutADeadlineAttemptsFollowTheSchedule) {
  EXPECT_EQ(next_after(kNoon, accepted()), kNoon + 300s);
  EXPECT_EQ(next_attempt(accepted(), schedule(), kNoon, 2, 0.5), kNoon + 3780s);
  EXPECT_EQ(next_after(kNoon + 24h - 300s, accepted()), kNoon + 24h);
  EXPECT_EQ(next_after(kNoon + 24h - 299s, accepted()), std::nullopt);
}

TEST(MessageAge, AnAttemptComesWhenADelayIsToBeReported) {
  const queue::Envelope envelope = wanted_by(kNoon + 100s, Mode::Notify);
  EXPECT_EQ(next_after(kNoon, envelope), kNoon + 100s);
  EXPECT_EQ(next_after(kNoon + 100s, envelope), kNoon + 400s);
  EXPECT_EQ(next_after(kNoon, wanted_by(kNoon + 2h, Mode::Notify)), kNoon + 300s);
  EXPECT_EQ(next_after(kNoon + 24h, wanted_by(kNoon + 25h, Mode::Notify)), std::nullopt);
}

TEST(MessageAge, AttemptsComeCloserToADeadlineThatReturns) {
  const queue::Envelope envelope = wanted_by(kNoon + 160s, Mode::Return);
  std::vector<std::chrono::seconds> left;
  for (SystemTime now = kNoon;;) {
    const auto next = next_after(now, envelope);
    if (!next) break;
    now = *next;
    left.push_back(std::chrono::duration_cast<std::chrono::seconds>(kNoon + 160s - now));
  }
  EXPECT_EQ(left, (std::vector<std::chrono::seconds>{80s, 40s, 20s, 10s, 5s}));
  EXPECT_EQ(next_after(kNoon, wanted_by(kNoon + 2h, Mode::Return)), kNoon + 300s);
}

TEST(MessageAge, APastDeadlineThatReturnsLeavesNoAttempt) {
  EXPECT_EQ(next_after(kNoon + 1h, wanted_by(kNoon + 1h, Mode::Return)), std::nullopt);
  EXPECT_EQ(next_after(kNoon + 2h, wanted_by(kNoon + 1h, Mode::Return)), std::nullopt);
}

TEST(MessageAge, ADeadlineThatReturnsDoesNotOutlastTheSchedule) {
  const queue::Envelope envelope = wanted_by(kNoon + 24h + 60s, Mode::Return);
  EXPECT_EQ(next_after(kNoon + 24h - 120s, envelope), kNoon + 24h - 30s);
  EXPECT_EQ(next_after(kNoon + 24h, envelope), std::nullopt);
}

}  // namespace
}  // namespace signpost::delivery
