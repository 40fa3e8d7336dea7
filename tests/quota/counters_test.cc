#include "quota/counters.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::quota {
namespace {

using namespace std::chrono_literals;

// 22:13:20 UTC.
constexpr SystemTime kEvening{1'700'000'000s};

class CountersTest : public testing::Test {
 protected:
  static Holder holder(Scope scope, std::string name, Limits limits) {
    return {scope, std::move(name), limits};
  }
  static Holder login(Limits limits, std::string name = "shop") {
    return holder(Scope::Login, std::move(name), limits);
  }
  // "taken", or which limit has no room and in how many seconds it has.
  std::string take(const std::vector<Holder>& holders, std::uint64_t recipients) {
    const auto taken = counters.take(holders, recipients, now);
    if (!taken) return text(taken.error());
    marks = *taken;
    return "taken";
  }
  std::string shortage(const std::vector<Holder>& holders, std::uint64_t recipients) {
    const auto found = counters.shortage(holders, recipients, now);
    return found ? text(*found) : "none";
  }
  std::string text(const Shortage& found) {
    news = found.news;
    return std::string(text_of(found.limit.scope)) + " " + std::string(text_of(found.limit.kind)) +
           " " + std::to_string((found.again - now) / 1s);
  }
  std::uint64_t used(const Holder& of, std::size_t limit = 0) {
    return counters.used(of, now).at(limit).used;
  }

  Counters counters;
  SystemTime now = kEvening;
  std::vector<Mark> marks;
  bool news = false;
};

constexpr Limits kHourly{config::Rate{600, 1h}, std::nullopt};
constexpr Limits kDaily{std::nullopt, 100};

TEST_F(CountersTest, ARateMayBeUsedAtOnceAndComesBackEvenly) {
  const Holder shop = login(kHourly);
  EXPECT_EQ(take({shop}, 600), "taken");
  EXPECT_EQ(take({shop}, 1), "login rate 6");
  now += 5s;
  EXPECT_EQ(take({shop}, 1), "login rate 1");
  now += 1s;
  EXPECT_EQ(take({shop}, 1), "taken");
  EXPECT_EQ(shortage({shop}, 10), "login rate 60");
  now += 30min;
  EXPECT_EQ(used(shop), 300u);
  EXPECT_EQ(take({shop}, 300), "taken");
  EXPECT_EQ(shortage({shop}, 1), "login rate 6");
  now += 24h;
  EXPECT_EQ(used(shop), 0u);
  EXPECT_EQ(shortage({shop}, 600), "none");
}

TEST_F(CountersTest, ADayEndsAtMidnightUtc) {
  const Holder shop = login(kDaily);
  EXPECT_EQ(take({shop}, 100), "taken");
  EXPECT_EQ(take({shop}, 1), "login daily 6400");  // 01:46:40
  now += 6399s;
  EXPECT_EQ(take({shop}, 1), "login daily 1");
  now += 1s;
  EXPECT_EQ(used(shop), 0u);
  EXPECT_EQ(take({shop}, 100), "taken");
  EXPECT_EQ(take({shop}, 1), "login daily 86400");
}

TEST_F(CountersTest, BothLimitsHold) {
  const Holder shop = login({config::Rate{10, 1min}, 15});
  EXPECT_EQ(take({shop}, 10), "taken");
  EXPECT_EQ(shortage({shop}, 5), "login rate 30");
  now += 1min;
  EXPECT_EQ(take({shop}, 5), "taken");
  EXPECT_EQ(shortage({shop}, 1), "login daily 6340");
  EXPECT_EQ(used(shop, 0), 5u);
  EXPECT_EQ(used(shop, 1), 15u);
}

TEST_F(CountersTest, AllHoldersHaveRoomOrNobodyIsCharged) {
  const Holder shop = login(kHourly);
  const Holder tenant = holder(Scope::Tenant, "acme", kDaily);
  const Holder server = holder(Scope::Server, "", {config::Rate{150, 1h}, std::nullopt});
  EXPECT_EQ(take({shop, tenant, server}, 60), "taken");
  EXPECT_EQ(take({login(kHourly, "other"), tenant, server}, 41), "tenant daily 6400");
  EXPECT_EQ(used(login(kHourly, "other")), 0u);
  EXPECT_EQ(used(server), 60u);
  EXPECT_EQ(take({login(kHourly, "other"), server}, 91), "server rate 24");
  EXPECT_EQ(take({login(kHourly, "other"), server}, 90), "taken");
  EXPECT_EQ(used(shop), 60u);
}

TEST_F(CountersTest, NamesOfDifferentScopesAreDifferent) {
  const Holder tenant = holder(Scope::Tenant, "shop", kDaily);
  EXPECT_EQ(take({login(kDaily)}, 100), "taken");
  EXPECT_EQ(shortage({tenant}, 100), "none");
}

TEST_F(CountersTest, WhatWasNotSentIsGivenBack) {
  const Holder shop = login({config::Rate{600, 1h}, 1000});
  EXPECT_EQ(take({shop}, 500), "taken");
  counters.give_back(std::vector{shop}, 200, now);
  EXPECT_EQ(used(shop, 0), 300u);
  EXPECT_EQ(used(shop, 1), 300u);
  now += 2h;  // the day is another one
  counters.give_back(std::vector{shop}, 300, now);
  EXPECT_EQ(used(shop, 0), 0u);
  EXPECT_EQ(used(shop, 1), 0u);
}

TEST_F(CountersTest, FourFifthsAreToldOnceInAPeriod) {
  const Holder shop = login({config::Rate{100, 1h}, 200});
  EXPECT_EQ(take({shop}, 79), "taken");
  EXPECT_TRUE(marks.empty());
  EXPECT_EQ(take({shop}, 1), "taken");
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].kind, Kind::Rate);
  EXPECT_EQ(marks[0].used, 80u);
  EXPECT_EQ(marks[0].most, 100u);
  EXPECT_EQ(marks[0].period, 1h);
  EXPECT_EQ(take({shop}, 20), "taken");
  EXPECT_TRUE(marks.empty());
  now += 30min;
  EXPECT_EQ(take({shop}, 50), "taken");  // the rate is full again within its hour
  EXPECT_TRUE(marks.empty());
  now += 30min;
  EXPECT_EQ(take({shop}, 50), "taken");
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].kind, Kind::Rate);
  EXPECT_EQ(marks[1].kind, Kind::Daily);
  EXPECT_EQ(marks[1].used, 200u);
}

TEST_F(CountersTest, ARateByTheSecondIsToldOnceAnHour) {
  const Holder shop = login({config::Rate{10, 1s}, std::nullopt});
  EXPECT_EQ(take({shop}, 10), "taken");
  EXPECT_EQ(marks.size(), 1u);
  EXPECT_EQ(take({shop}, 10), "login rate 1");
  EXPECT_TRUE(news);
  now += 59min;
  EXPECT_EQ(take({shop}, 10), "taken");
  EXPECT_TRUE(marks.empty());
  EXPECT_EQ(take({shop}, 10), "login rate 1");
  EXPECT_FALSE(news);
  now += 1min;
  EXPECT_EQ(take({shop}, 10), "taken");
  EXPECT_EQ(marks.size(), 1u);
  EXPECT_EQ(take({shop}, 10), "login rate 1");
  EXPECT_TRUE(news);
}

TEST_F(CountersTest, TheFirstRefusalOfADayIsNews) {
  const Holder shop = login(kDaily);
  EXPECT_EQ(shortage({shop}, 101), "login daily 6400");
  EXPECT_TRUE(news);
  EXPECT_EQ(shortage({shop}, 101), "login daily 6400");
  EXPECT_FALSE(news);
  now += 2h;
  EXPECT_NE(shortage({shop}, 101), "none");
  EXPECT_TRUE(news);
}

TEST_F(CountersTest, ChangedLimitsKeepWhatWasUsed) {
  EXPECT_EQ(take({login({config::Rate{600, 1h}, 1000})}, 500), "taken");
  const Holder less = login({config::Rate{60, 1h}, 400});
  EXPECT_EQ(used(less, 0), 500u);
  EXPECT_EQ(used(less, 1), 500u);
  EXPECT_EQ(shortage({less}, 1), "login daily 6400");
  EXPECT_EQ(shortage({login({config::Rate{600, 1h}, 501})}, 1), "none");
}

TEST_F(CountersTest, ANewRateBeginsEmpty) {
  EXPECT_EQ(take({login(kDaily)}, 100), "taken");
  EXPECT_EQ(shortage({login({config::Rate{10, 1h}, std::nullopt})}, 10), "none");
}

TEST_F(CountersTest, AClockThatIsSetBackKeepsTheBucketAndThenRuns) {
  const Holder shop = login(kHourly);
  EXPECT_EQ(take({shop}, 600), "taken");
  now -= 240h;
  EXPECT_EQ(take({shop}, 1), "login rate 6");
  now += 6s;
  EXPECT_EQ(take({shop}, 1), "taken");
}

TEST_F(CountersTest, MemoryIsBoundedByScope) {
  Counters few(2);
  const Holder server = holder(Scope::Server, "", kDaily);
  ASSERT_TRUE(few.take(std::vector{server}, 9, now));
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(few.take(std::vector{login(kDaily, name)}, 10, now));
  }
  EXPECT_EQ(few.used(login(kDaily, "a"), now)[0].used, 0u);  // forgotten
  EXPECT_EQ(few.used(login(kDaily, "b"), now)[0].used, 10u);
  EXPECT_EQ(few.used(server, now)[0].used, 9u);
  EXPECT_EQ(few.entries(now).size(), 3u);
}

TEST_F(CountersTest, WhatIsKeptIsRestored) {
  const Holder shop = login({config::Rate{600, 1h}, 1000});
  const Holder server = holder(Scope::Server, "", {std::nullopt, 1000});
  EXPECT_FALSE(counters.unsaved());
  EXPECT_EQ(take({shop, server}, 500), "taken");
  EXPECT_EQ(marks.size(), 1u);
  EXPECT_TRUE(counters.unsaved());
  const auto entries = counters.entries(now);
  EXPECT_FALSE(counters.unsaved());
  counters.set_unsaved();
  EXPECT_TRUE(counters.unsaved());
  Counters restarted;
  restarted.restore(entries);
  EXPECT_FALSE(restarted.unsaved());
  now += 1min;
  EXPECT_EQ(restarted.used(shop, now)[0].used, 490u);
  EXPECT_EQ(restarted.used(shop, now)[1].used, 500u);
  EXPECT_EQ(restarted.used(server, now)[0].used, 500u);
  // What was told before the restart is not told again.
  EXPECT_TRUE(restarted.take(std::vector{shop}, 1, now)->empty());
}

TEST_F(CountersTest, WhatNoLongerMattersIsNotKept) {
  EXPECT_EQ(take({login(kHourly, "rate")}, 100), "taken");
  EXPECT_EQ(take({login(kDaily, "daily")}, 100), "taken");
  now += 59min;
  EXPECT_EQ(counters.entries(now).size(), 2u);
  now += 2min;
  EXPECT_EQ(counters.entries(now).size(), 2u);  // both count for the day
  now += 1h;
  EXPECT_TRUE(counters.entries(now).empty());
}

}  // namespace
}  // namespace signpost::quota
