#include "admin/metrics_page.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

namespace signpost::admin {
namespace {

using namespace std::chrono_literals;

TEST(MetricsPage, IsMadeAQuarterOfTheTimeAtMost) {
  test::ManualClock clock;
  int made = 0;
  MetricsPage page(
      [&] {
        clock.advance(2ms);
        return std::to_string(++made);
      },
      clock);
  EXPECT_EQ(page.text(), "1");
  EXPECT_EQ(page.text(), "1");
  clock.advance(5999us);
  EXPECT_EQ(page.text(), "1");
  clock.advance(1us);
  EXPECT_EQ(page.text(), "2");
  clock.advance(1h);
  EXPECT_EQ(page.text(), "3");
}

}  // namespace
}  // namespace signpost::admin
