#include "auth/known_logins.h"

#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

using Pairs = std::vector<LoginGuard::Known>;

const SystemTime kNow{std::chrono::seconds(1'700'000'000)};
const Pairs kPairs{{"203.0.113.7", "shop", 60s}, {"2001:db8:1:2::", "news letter", 24h}};

net::IpAddress ip(const std::string& text) { return *net::IpAddress::parse(text); }

std::string problem(const std::string& text) {
  const auto pairs = parse_known_logins(text, kNow);
  return pairs ? "" : pairs.error().detail;
}

TEST(KnownLogins, TextIsReadBack) {
  const std::string text = known_logins_text(kPairs, kNow);
  EXPECT_EQ(text,
            "signpost known logins 1\n1700000060 203.0.113.7 shop\n"
            "1700086400 2001:db8:1:2:: news letter\n");
  EXPECT_EQ(parse_known_logins(text, kNow).value(), kPairs);
}

TEST(KnownLogins, TimePassesWhileNothingRuns) {
  const std::string text = known_logins_text(kPairs, kNow);
  EXPECT_EQ(parse_known_logins(text, kNow + 60s).value(),
            (Pairs{{"2001:db8:1:2::", "news letter", 24h - 60s}}));
  EXPECT_TRUE(parse_known_logins(text, kNow + 48h)->empty());
}

TEST(KnownLogins, ANameThatIsNotOneLineIsLeftOut) {
  EXPECT_EQ(known_logins_text({{"203.0.113.7", "a\nb", 60s}}, kNow), "signpost known logins 1\n");
}

TEST(KnownLogins, DamageIsFound) {
  const std::string title = "signpost known logins 1\n";
  EXPECT_EQ(problem(title), "");
  EXPECT_EQ(problem(""), "is not a file of known logins");
  EXPECT_EQ(problem("signpost known logins 2\n"), "is not a file of known logins");
  const std::string good = "1700000060 203.0.113.7 shop\n";
  for (const char* line : {"1700000060 203.0.113.7 shop", "1700000060 203.0.113.7 \n", "\n",
                           "17000x0060 203.0.113.7 shop\n", "-5 203.0.113.7 shop\n",
                           "1700000060 203.0.113 shop\n", "99999999999999999999 203.0.113.7 a\n"}) {
    EXPECT_EQ(problem(title + good + line), "line 3 is damaged") << line;
  }
}

class KnownLoginsFileTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const std::string file = directory.path() + "/known-logins";
  test::ManualClock clock;
  LoginGuard logins;
};

TEST_F(KnownLoginsFileTest, KeepsThePairsOverARestart) {
  logins.succeeded(ip("203.0.113.7"), "shop", clock.steady_now());
  ASSERT_TRUE(save_known_logins(file, logins, clock));
  EXPECT_FALSE(logins.unsaved());
  struct stat facts{};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  LoginGuard next;
  ASSERT_TRUE(load_known_logins(file, next, clock));
  EXPECT_TRUE(next.knows(ip("203.0.113.7"), "shop", clock.steady_now()));
}

TEST_F(KnownLoginsFileTest, WithoutAFileNobodyIsKnown) {
  EXPECT_TRUE(load_known_logins(file, logins, clock));
  EXPECT_TRUE(logins.known(clock.steady_now()).empty());
}

TEST_F(KnownLoginsFileTest, ADamagedFileChangesNothing) {
  std::ofstream(file) << known_logins_text(kPairs, clock.system_now()) << "x";
  EXPECT_FALSE(load_known_logins(file, logins, clock));
  EXPECT_TRUE(logins.known(clock.steady_now()).empty());
}

TEST_F(KnownLoginsFileTest, WhatCouldNotBeSavedIsSavedLater) {
  logins.succeeded(ip("203.0.113.7"), "shop", clock.steady_now());
  EXPECT_FALSE(save_known_logins(directory.path() + "/none/known-logins", logins, clock));
  EXPECT_TRUE(logins.unsaved());
}

}  // namespace
}  // namespace signpost::auth
