#include "message/date_time.h"

#include <gtest/gtest.h>

#include <chrono>

namespace signpost::message {
namespace {

using namespace std::chrono_literals;

SystemTime at(long seconds) { return SystemTime(std::chrono::seconds(seconds)); }

TEST(DateTime, WritesTheFormOfRfc5322) {
  EXPECT_EQ(date_time(at(1795465450)), "Mon, 23 Nov 2026 20:24:10 +0000");
  EXPECT_EQ(date_time(at(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(date_time(at(951782399)), "Mon, 28 Feb 2000 23:59:59 +0000");
  EXPECT_EQ(date_time(at(951782400)), "Tue, 29 Feb 2000 00:00:00 +0000");
  EXPECT_EQ(date_time(at(4102444799)), "Thu, 31 Dec 2099 23:59:59 +0000");
}

TEST(DateTime, CutsFractionsOff) {
  EXPECT_EQ(date_time(at(59) + 999'999us), "Thu, 01 Jan 1970 00:00:59 +0000");
  EXPECT_EQ(date_time(at(0) - 1us), "Wed, 31 Dec 1969 23:59:59 +0000");
}

}  // namespace
}  // namespace signpost::message
