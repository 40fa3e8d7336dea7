#include "auth/dovecot_report.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

TEST(DovecotReport, HasOneLineForAReasonAndOneForItsEnd) {
  test::ManualClock clock;
  DovecotReport report(clock);
  EXPECT_FALSE(report.answered("socket"));
  EXPECT_TRUE(report.failed("socket", "away"));
  EXPECT_FALSE(report.failed("socket", "away"));
  EXPECT_TRUE(report.failed("socket", "takes no questions"));
  EXPECT_TRUE(report.answered("socket"));
  EXPECT_FALSE(report.answered("socket"));
}

TEST(DovecotReport, IsShortOfOneThatComesAndGoes) {
  test::ManualClock clock;
  DovecotReport report(clock);
  EXPECT_TRUE(report.failed("socket", "away"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(report.answered("socket"), i == 0);
    EXPECT_FALSE(report.failed("socket", "away"));
  }
  clock.advance(60s);
  EXPECT_TRUE(report.failed("socket", "away"));
  EXPECT_TRUE(report.answered("socket"));
  clock.advance(60s);
  std::size_t lines = 0;
  for (int i = 0; i < 100; ++i) lines += report.failed("socket", std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(lines, DovecotReport::kMostReasons);
}

}  // namespace
}  // namespace signpost::auth
