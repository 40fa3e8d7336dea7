#include "delivery/warm_up.h"

#include "delivery/warm_up_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace signpost::delivery {
namespace {

using std::chrono::days;

constexpr std::chrono::sys_days kDay{std::chrono::year(2026) / 12 / 1};

TEST(WarmUp, TwiceAsManyEachDayAndThenNoLimit) {
  const WarmUp warm_up{.first = kDay, .daily = 50, .days = 4};
  EXPECT_EQ(warm_up.limit(kDay - days(1)), 0u);
  EXPECT_EQ(warm_up.limit(kDay), 50u);
  EXPECT_EQ(warm_up.limit(kDay + days(1)), 100u);
  EXPECT_EQ(warm_up.limit(kDay + days(3)), 400u);
  EXPECT_FALSE(warm_up.limit(kDay + days(4)));
}

TEST(WarmUp, TheMostDoesNotOverflow) {
  const WarmUp warm_up{.first = kDay, .daily = 1'000'000'000, .days = 100};
  EXPECT_EQ(warm_up.limit(kDay + days(60)), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(warm_up.limit(kDay + days(99)), std::numeric_limits<std::uint64_t>::max());
}

TEST(WarmUpCounts, EachDayBeginsAnew) {
  WarmUpCounts counts;
  counts.begin(kDay);
  const auto count = counts.of("google from 192.0.2.1");
  *count += 3;
  EXPECT_EQ(counts.of("google from 192.0.2.1"), count);
  counts.begin(kDay + days(1));
  EXPECT_EQ(*counts.of("google from 192.0.2.1"), 0u);
  EXPECT_EQ(*count, 3u) << "who still has it counts for the day before";
}

TEST(WarmUpFile, ComesBackAsItWas) {
  const WarmUpCounts::Kept kept{.day = kDay,
                                .entries = {{"google from 192.0.2.1", 7}, {"mx:a.example", 9}}};
  const std::string text = warm_up_text(kept);
  EXPECT_EQ(text,
            "signpost warm-up 1\n"
            "20788 7 google from 192.0.2.1\n"
            "20788 9 mx:a.example\n");
  const auto read = parse_warm_up(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, kept);
}

TEST(WarmUpFile, ADamagedLineIsNamed) {
  const std::string title = "signpost warm-up 1\n";
  EXPECT_EQ(parse_warm_up("").error().detail, "is not a file of a warm-up");
  EXPECT_EQ(parse_warm_up("signpost warm-up 2\n").error().detail, "is not a file of a warm-up");
  for (const auto* line : {"20788 7\n", "20788 -7 a\n", "x 7 a\n", "99999999 7 a\n", "20788 7 \n",
                           "20788 7 a", "20788 7 a\tb\n", "20788 99999999999999999999 a\n", "\n"}) {
    const auto read = parse_warm_up(title + line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().detail, "line 2 is damaged") << line;
  }
  EXPECT_EQ(parse_warm_up(title + "20788 7 a\n20789 7 b\n").error().detail, "line 3 is damaged");
}

}  // namespace
}  // namespace signpost::delivery
