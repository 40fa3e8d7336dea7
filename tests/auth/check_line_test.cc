#include "auth/check_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

// A small language: checks are named by their logins; every name is a question of its own.
class CheckLineTest : public testing::Test {
 protected:
  static PasswordCache::Key key(const std::string& name) {
    PasswordCache::Key made{};
    std::copy(name.begin(), name.end(), made.begin());
    return made;
  }
  Asker asker(const std::string& client, const std::string& name, bool known) {
    return {*net::IpAddress::parse(client), known, 0,
            [this, name](Asker::Answer) { told.push_back(name); }};
  }
  void tell(std::vector<Asker> askers) {
    for (Asker& one : askers) one.answer({Verdict::Unavailable, {}});
  }
  // Those who were answered that there is no place, by name.
  std::vector<std::string> ask(const std::string& client, const std::string& name,
                               bool known = false, std::size_t failures = 0) {
    PasswordCheck check{key(name), nullptr, name, SecretString("x"), {}};
    check.askers.push_back(asker(client, name, known));
    check.askers.front().failures = failures;
    tell(line.add(std::move(check), now));
    return std::exchange(told, {});
  }
  bool join(const std::string& client, const std::string& name, bool known = false) {
    Asker one = asker(client, "joined " + name, known);
    return line.join(key(name), one);
  }
  // Begins the next check: its name.
  std::string begin() {
    std::vector<Asker> given_up;
    PasswordCheck* const check = line.next(now, given_up);
    tell(std::move(given_up));
    running = check;
    return check == nullptr ? "none" : check->login;
  }
  // Begins and ends checks until none is left.
  std::string order() {
    std::string names;
    for (std::string name = begin(); name != "none"; name = begin()) {
      names += (names.empty() ? "" : " ") + name;
      (void)line.end(*running);
    }
    return names;
  }

  CheckLine line{
      {.waiting = 6, .kept = 2, .waiting_per_client = 3, .running_per_client = 2, .patience = 30s}};
  std::vector<std::string> told;
  PasswordCheck* running = nullptr;
  SteadyTime now = SteadyTime{} + 1h;
};

using Names = std::vector<std::string>;

TEST_F(CheckLineTest, ClientsTakeTurns) {
  ask("192.0.2.1", "a1");
  ask("192.0.2.1", "a2");
  ask("192.0.2.1", "a3");
  ask("192.0.2.2", "b1");
  EXPECT_EQ(order(), "a1 b1 a2 a3");
}

TEST_F(CheckLineTest, ALaterClientDoesNotWaitForAnothersWholeLine) {
  ask("192.0.2.1", "a1");
  ask("192.0.2.1", "a2");
  ask("192.0.2.1", "a3");
  EXPECT_EQ(begin(), "a1");
  (void)line.end(*running);
  ask("192.0.2.2", "b1");
  EXPECT_EQ(order(), "b1 a2 a3");
}

TEST_F(CheckLineTest, ClientsThatFailedRecentlyComeAfterOthers) {
  ask("192.0.2.1", "a", false, 2);
  ask("192.0.2.2", "b", false, 1);
  ask("192.0.2.3", "c");
  EXPECT_EQ(begin(), "c");
  (void)line.end(*running);
  ask("192.0.2.4", "d");
  EXPECT_EQ(order(), "d b a");
}

TEST_F(CheckLineTest, KnownPairsGoFirst) {
  ask("192.0.2.1", "a");
  ask("192.0.2.2", "b");
  ask("192.0.2.3", "known", true);
  EXPECT_EQ(order(), "known a b");
}

TEST_F(CheckLineTest, OneClientHasTwoChecksAtOnce) {
  ask("192.0.2.1", "a1");
  ask("192.0.2.1", "a2");
  ask("192.0.2.1", "a3");
  EXPECT_EQ(begin(), "a1");
  PasswordCheck* const first = running;
  EXPECT_EQ(begin(), "a2");
  EXPECT_EQ(begin(), "none");
  ask("192.0.2.2", "b1");
  EXPECT_EQ(begin(), "b1");
  (void)line.end(*first);
  EXPECT_EQ(begin(), "a3");
}

TEST_F(CheckLineTest, AClientsLineIsShort) {
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_EQ(ask("192.0.2.1", name), Names{}) << name;
  EXPECT_EQ(ask("192.0.2.1", "a4"), Names{"a4"});
  EXPECT_EQ(ask("192.0.2.2", "b1"), Names{});
}

TEST_F(CheckLineTest, Ipv6ClientsAreTheirNetwork) {
  for (const char* client : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) {
    EXPECT_EQ(ask(client, client), Names{});
  }
  EXPECT_EQ(ask("2001:db8::4", "d"), Names{"d"});
  EXPECT_EQ(ask("2001:db8:0:1::1", "e"), Names{});
}

TEST_F(CheckLineTest, StrangersLeaveThePlacesOfKnownPairs) {
  for (const char* client : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}) {
    EXPECT_EQ(ask(client, client), Names{});
  }
  EXPECT_EQ(ask("192.0.2.5", "stranger"), Names{"stranger"});
  EXPECT_EQ(ask("192.0.2.5", "known1", true), Names{});
  EXPECT_EQ(ask("192.0.2.6", "known2", true), Names{});
  EXPECT_EQ(ask("192.0.2.7", "known3", true), Names{"known3"});
}

TEST_F(CheckLineTest, ANewcomerTakesTheLastPlaceOfTheLongestLine) {
  for (const char* name : {"a1", "a2", "a3"}) ask("192.0.2.1", name);
  ask("192.0.2.2", "b1");
  EXPECT_EQ(ask("192.0.2.3", "c1"), Names{"a3"});
  EXPECT_EQ(ask("192.0.2.4", "d1"), Names{"a2"});
  EXPECT_EQ(ask("192.0.2.5", "e1"), Names{"e1"});  // all have one
  EXPECT_EQ(ask("192.0.2.4", "d2"), Names{"d2"});
  EXPECT_EQ(order(), "a1 b1 c1 d1");
}

TEST_F(CheckLineTest, EqualChecksShareOne) {
  EXPECT_FALSE(join("192.0.2.1", "a"));
  ask("192.0.2.1", "a");
  EXPECT_TRUE(join("192.0.2.2", "a"));
  EXPECT_EQ(begin(), "a");
  EXPECT_TRUE(join("192.0.2.3", "a"));  // it runs already
  tell(line.end(*running));
  EXPECT_EQ(told, (Names{"a", "joined a", "joined a"}));
  EXPECT_FALSE(join("192.0.2.1", "a"));
}

TEST_F(CheckLineTest, AKnownPairAdvancesTheCheckThatItJoins) {
  ask("192.0.2.1", "a");
  ask("192.0.2.2", "b");
  EXPECT_TRUE(join("192.0.2.3", "b", true));
  EXPECT_EQ(order(), "b a");
}

TEST_F(CheckLineTest, NobodyWaitsForever) {
  ask("192.0.2.1", "a");
  now += 10s;
  ask("192.0.2.2", "b");
  now += 20s;
  EXPECT_EQ(begin(), "b");
  EXPECT_EQ(told, Names{"a"});
}

}  // namespace
}  // namespace signpost::auth
