#include "base/clock.h"

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

}  // namespace
}  // namespace signpost
