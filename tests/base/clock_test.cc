#include "base/clock.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

namespace signpost {
namespace {

TEST(RealClock, TellsCalendarTime) {
  using namespace std::chrono;
  // Later than this line was written, and before the signed 64 bits of some file system run out.
  EXPECT_GT(real_clock().system_now(), SystemTime(sys_days(year(2024) / 1 / 1)));
  EXPECT_LT(real_clock().system_now(), SystemTime(sys_days(year(2200) / 1 / 1)));
}

TEST(RealClock, NeverGoesBackInSteadyTime) {
  SteadyTime last = real_clock().steady_now();
  for (int i = 0; i < 1000; ++i) {
    const SteadyTime now = real_clock().steady_now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(RealClock, SchedulesFollowTheCalendarWhileNobodySetsItBack) {
  const SystemTime before = real_clock().system_now();
  const SystemTime scheduled = real_clock().schedule_now();
  EXPECT_GE(scheduled, before - std::chrono::seconds(1));
  EXPECT_LE(scheduled, real_clock().schedule_now());
}

TEST(ManualClock, SchedulesFollowTheCalendarUntilTheyAreSet) {
  test::ManualClock clock;
  EXPECT_EQ(clock.schedule_now(), clock.system_now());
  clock.set_schedule(clock.system_now() + std::chrono::hours(1));
  clock.set(clock.system_now() - std::chrono::hours(2));
  EXPECT_EQ(clock.schedule_now() - clock.system_now(), std::chrono::hours(3));
  clock.advance(std::chrono::minutes(5));
  EXPECT_EQ(clock.schedule_now() - clock.system_now(), std::chrono::hours(3));
}

class ScheduleClockTest : public testing::Test {
 protected:
  // So many seconds of steady time after the start, while the system's clock says `system`.
  std::int64_t at(std::int64_t steady, std::int64_t system) {
    const SystemTime time = clock.at(SystemTime(std::chrono::seconds(system)),
                                     SteadyTime(std::chrono::seconds(steady)));
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  }
  ScheduleClock clock;
};

TEST_F(ScheduleClockTest, IsTheSystemsClockWhileThatGoesEvenly) {
  EXPECT_EQ(at(10, 1'000'010), 1'000'010);
  EXPECT_EQ(at(20, 1'000'020), 1'000'020);
}

TEST_F(ScheduleClockTest, FollowsItAhead) {
  at(10, 1'000'010);
  EXPECT_EQ(at(20, 1'003'620), 1'003'620);
  EXPECT_EQ(at(30, 900'003'630), 900'003'630);
}

TEST_F(ScheduleClockTest, RunsOnWhenItGoesBack) {
  at(10, 1'000'010);
  EXPECT_EQ(at(20, 1'000'020 - 3600), 1'000'020);
  EXPECT_EQ(at(80, 1'000'080 - 3600), 1'000'080);
  // Once it has caught up they are the same again.
  EXPECT_EQ(at(90, 1'000'095), 1'000'095);
}

TEST_F(ScheduleClockTest, GivesUpATimeThatWasFarAhead) {
  at(10, 1'000'010);
  at(20, 9'000'020);
  EXPECT_EQ(at(30, 1'000'030), 1'000'030);
}

}  // namespace
}  // namespace signpost
