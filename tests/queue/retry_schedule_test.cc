#include "queue/retry_schedule.h"

#include <gtest/gtest.h>

namespace signpost::queue {
namespace {

using namespace std::chrono_literals;

constexpr SystemTime kNoon{std::chrono::seconds(1'700'000'000)};

RetrySchedule schedule() { return {.delays = {300s, 900s, 3600s}}; }

TEST(RetrySchedule, EachAttemptHasItsDelayAndTheLastRepeats) {
  EXPECT_EQ(schedule().delay_after(1, 0), 300s);
  EXPECT_EQ(schedule().delay_after(2, 0), 900s);
  EXPECT_EQ(schedule().delay_after(3, 0), 3600s);
  EXPECT_EQ(schedule().delay_after(4, 0), 3600s);
  EXPECT_EQ(schedule().delay_after(4'000'000'000, 0), 3600s);
}

TEST(RetrySchedule, JitterOnlyStretches) {
  EXPECT_EQ(schedule().delay_after(1, 0.5), 315s);
  EXPECT_EQ(schedule().delay_after(1, 0.999999), 330s);
}

TEST(RetrySchedule, DueTimeIsNowAndTheDelay) {
  EXPECT_EQ(schedule().next(kNoon, kNoon + 10s, 1, 0), kNoon + 310s);
}

TEST(RetrySchedule, GivesUpWhenTheMessageWouldBeTooOldByThen) {
  const RetrySchedule five_days = schedule();
  EXPECT_TRUE(five_days.next(kNoon, kNoon + 432'000s - 3600s, 9, 0));
  EXPECT_FALSE(five_days.next(kNoon, kNoon + 432'000s - 3599s, 9, 0));
  EXPECT_FALSE(five_days.next(kNoon, kNoon + 432'001s, 1, 0));
}

TEST(RetrySchedule, AcceptanceInTheFutureCountsAsNow) {
  EXPECT_EQ(schedule().next(kNoon + 1000h, kNoon, 1, 0), kNoon + 300s);
  EXPECT_FALSE(schedule().delay_notice_due(kNoon + 1000h, kNoon, false));
}

TEST(RetrySchedule, DelayNoticeIsDueOnce) {
  EXPECT_FALSE(schedule().delay_notice_due(kNoon, kNoon + 14'399s, false));
  EXPECT_TRUE(schedule().delay_notice_due(kNoon, kNoon + 14'400s, false));
  EXPECT_FALSE(schedule().delay_notice_due(kNoon, kNoon + 14'400s, true));
}

TEST(RetrySchedule, NoDelayNoticeWhenSwitchedOff) {
  RetrySchedule silent = schedule();
  silent.delay_notice = 0s;
  EXPECT_FALSE(silent.delay_notice_due(kNoon, kNoon + 1000h, false));
}

TEST(RetrySchedule, LongestDelayBoundsThemAll) {
  RetrySchedule schedule;
  schedule.delays = {std::chrono::seconds(60), std::chrono::seconds(7200),
                     std::chrono::seconds(10)};
  for (std::uint32_t attempts = 1; attempts < 5; ++attempts) {
    EXPECT_LE(schedule.delay_after(attempts, 0.999), schedule.longest_delay());
  }
  EXPECT_LT(schedule.longest_delay(), std::chrono::seconds(8000));
}

}  // namespace
}  // namespace signpost::queue
