#include "base/utc.h"

#include <gtest/gtest.h>

#include <chrono>

namespace signpost {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr SystemTime kTime{seconds(1'796'054'324) + microseconds(12'345)};  // 2026-11-30

TEST(Utc, WritesCalendarTimeToTheSecond) {
  EXPECT_EQ(utc_text(SystemTime{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(kTime), "2026-11-30T15:58:44Z");
  EXPECT_EQ(utc_text(SystemTime(seconds(1'709'251'199))), "2024-02-29T23:59:59Z");
}

TEST(Utc, WritesMicrosecondsWithLeadingZeros) {
  EXPECT_EQ(utc_text_microseconds(kTime), "2026-11-30T15:58:44.012345Z");
  EXPECT_EQ(utc_text_microseconds(SystemTime{}), "1970-01-01T00:00:00.000000Z");
}

TEST(Utc, TimesBefore1970GoBackwards) {
  EXPECT_EQ(utc_text_microseconds(SystemTime(microseconds(-1))), "1969-12-31T23:59:59.999999Z");
}

TEST(Utc, FileNamesHaveNoColons) { EXPECT_EQ(utc_file_name(kTime), "20261130T155844Z"); }

TEST(Utc, AppendsToWhatIsThere) {
  std::string out = "at ";
  append_utc(out, kTime);
  EXPECT_EQ(out, "at 2026-11-30T15:58:44Z");
}

TEST(Utc, ReadsWhatItWrites) {
  const SystemTime whole = std::chrono::floor<seconds>(kTime);
  for (const SystemTime time : {SystemTime{}, whole, SystemTime(seconds(1'709'251'199))}) {
    EXPECT_EQ(parse_utc(utc_text(time)), time);
  }
}

TEST(Utc, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"", "2026-11-30", "2026-11-30T15:58:44", "2026-11-30 15:58:44Z",
                           "2026-11-30T15:58:44z", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
                           "2026-11-30T24:00:00Z", "2026-11-30T23:60:00Z", "2026-11-30T23:59:60Z",
                           "2026-11-30T15:58:44.0Z", "+026-11-30T15:58:44Z"}) {
    EXPECT_EQ(parse_utc(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signpost
