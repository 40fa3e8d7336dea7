#include "quota/counters_file.h"

#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace signpost::quota {
namespace {

using Entries = std::vector<Counters::Entry>;

constexpr SystemTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::int64_t kDay = 19675;
const Entries kEntries{{Scope::Login, "news letter", 12.5, kNow, kDay, 40},
                       {Scope::Client, "2001:db8:1:2::", 0, kNow, kDay, 3},
                       {Scope::Tenant, "Müller & Co", 7, kNow, kDay, 7},
                       {Scope::Server, "", 1'000'000, kNow, kDay, 1'000'000'000}};

std::string problem(const std::string& text) {
  const auto entries = parse_counters(text);
  return entries ? "" : entries.error().detail;
}

TEST(CountersFile, TextIsReadBack) {
  const std::string text = counters_text(kEntries);
  EXPECT_EQ(text,
            "signpost quota counters 1\n"
            "login 12.500 1700000000 19675 40 news letter\n"
            "client 0.000 1700000000 19675 3 2001:db8:1:2::\n"
            "tenant 7.000 1700000000 19675 7 Müller & Co\n"
            "server 1000000.000 1700000000 19675 1000000000 \n");
  EXPECT_EQ(parse_counters(text).value(), kEntries);
  EXPECT_EQ(parse_counters("signpost quota counters 1\n").value(), Entries());
}

TEST(CountersFile, ANameThatWouldBreakALineIsLeftOut) {
  EXPECT_EQ(counters_text({{Scope::Login, "a\nb", 1, kNow, kDay, 1}}),
            "signpost quota counters 1\n");
}

TEST(CountersFile, DamageIsNoticed) {
  EXPECT_EQ(problem(""), "is not a file of counters");
  EXPECT_EQ(problem("signpost known logins 1\n"), "is not a file of counters");
  const std::string good = "login 1.000 1700000000 19675 1 shop\n";
  EXPECT_EQ(problem("signpost quota counters 1\n" + good), "");
  for (const char* line :
       {"login 1.000 1700000000 19675 1 shop", "user 1.000 1700000000 19675 1 shop\n",
        "login -1 1700000000 19675 1 shop\n", "login nan 1700000000 19675 1 shop\n",
        "login inf 1700000000 19675 1 shop\n", "login 1 1700000000 19675 -1 shop\n",
        "login 1 999999999999 19675 1 shop\n", "login 1 1700000000 19675 1.5 shop\n",
        "login 1 1700000000 19675 1 \n", "server 1 1700000000 19675 1 shop\n", "login 1\n", "\n"}) {
    EXPECT_EQ(problem("signpost quota counters 1\n" + good + line), "line 3 is damaged") << line;
  }
}

class CountersFileTest : public testing::Test {
 protected:
  void count(std::uint64_t recipients) {
    ASSERT_TRUE(counters.take(std::vector{shop}, recipients, clock.system_now()));
  }
  std::uint64_t used(Counters& of) { return of.used(shop, clock.system_now()).at(0).used; }

  test::TemporaryDirectory directory;
  const std::string file = directory.path() + "/quota-counters";
  test::ManualClock clock{kNow};
  const Holder shop{Scope::Login, "shop", {std::nullopt, 100}};
  Counters counters;
};

TEST_F(CountersFileTest, OutlivesTheProcess) {
  count(30);
  ASSERT_TRUE(save_counters(file, counters, clock));
  EXPECT_FALSE(counters.unsaved());
  struct stat facts{};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  Counters next;
  ASSERT_TRUE(load_counters(file, next));
  EXPECT_EQ(used(next), 30u);
}

TEST_F(CountersFileTest, WithoutAFileNothingWasUsed) {
  ASSERT_TRUE(load_counters(file, counters));
  EXPECT_EQ(used(counters), 0u);
}

TEST_F(CountersFileTest, ADamagedFileChangesNothing) {
  std::ofstream(file) << "signpost quota counters 1\nlogin 1.000 1700000000 19675 1 shop\nlogin";
  count(5);
  const auto loaded = load_counters(file, counters);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().detail, "line 3 is damaged");
  EXPECT_EQ(used(counters), 5u);
}

TEST_F(CountersFileTest, WhatCouldNotBeSavedIsTriedAgain) {
  count(5);
  ASSERT_FALSE(save_counters(directory.path() + "/missing/quota-counters", counters, clock));
  EXPECT_TRUE(counters.unsaved());
}

}  // namespace
}  // namespace signpost::quota
