#include "metrics/lag_window.h"

#include <gtest/gtest.h>

namespace signpost::metrics {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LagWindowTest : public testing::Test {
 protected:
  // What is due every half second comes, `lag` late.
  void beat(SteadyTime::duration lag = milliseconds(0)) {
    window_.expect(now_ + milliseconds(500));
    now_ += milliseconds(500) + lag;
    window_.came(now_);
  }
  void beat_for(seconds time) {
    for (const SteadyTime end = now_ + time; now_ < end;) beat();
  }
  double longest() const { return window_.longest(now_).count(); }

  LagWindow window_;
  SteadyTime now_ = SteadyTime{} + seconds(1000);
};

TEST_F(LagWindowTest, IsZeroBeforeAnythingIsExpectedAndWhileAllComesInTime) {
  EXPECT_EQ(longest(), 0);
  beat_for(seconds(60));
  EXPECT_EQ(longest(), 0);
}

TEST_F(LagWindowTest, KeepsTheLongestForOneToTwoHalves) {
  beat_for(seconds(7));
  beat(milliseconds(300));
  beat(milliseconds(100));
  EXPECT_EQ(longest(), 0.3);
  beat_for(seconds(15));
  EXPECT_EQ(longest(), 0.3) << "a scrape every 15 seconds sees it";
  beat_for(seconds(16));
  EXPECT_EQ(longest(), 0);
}

TEST_F(LagWindowTest, WhatDoesNotComeCountsWhileItLasts) {
  beat();
  window_.expect(now_ + milliseconds(500));
  now_ += seconds(20);
  EXPECT_EQ(longest(), 19.5);
  window_.came(now_);
  EXPECT_EQ(longest(), 19.5);
}

TEST_F(LagWindowTest, ALagFromBeforeALongHangIsForgotten) {
  beat(seconds(3));
  beat(seconds(40));
  EXPECT_EQ(longest(), 40);
  beat_for(seconds(31));
  EXPECT_EQ(longest(), 0);
}

}  // namespace
}  // namespace signpost::metrics
