#include "auth/password_checks.h"

#include "tests/auth/one_login.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

// Without threads: the test says when a check runs.
class PasswordChecksTest : public testing::Test {
 protected:
  PasswordChecks::Question question(const std::string& client, const std::string& password) const {
    return {*net::IpAddress::parse(client), users, "shop", SecretString(password)};
  }
  // What is answered at once, or "".
  std::string ask(const std::string& client, const std::string& password) {
    const auto answer =
        checks->ask(question(client, password), [this, client](PasswordChecks::Answer given) {
          said.push_back(client + " " + word(given.verdict) +
                         (given.sounds_locked ? " as if locked" : ""));
          if (given.locked.client.count() != 0) said.push_back(client + " is locked");
        });
    return answer ? word(answer->verdict) : "";
  }
  // How many checks ran.
  int run() {
    int count = 0;
    while (checks->run_next()) ++count;
    return count;
  }
  using Said = std::vector<std::string>;
  Said taken() { return std::exchange(said, {}); }

  test::ManualClock clock;
  LoginGuard logins{{.client_failures = 2}};
  std::shared_ptr<const Users> users = one_login();
  std::unique_ptr<PasswordChecks> checks = std::make_unique<PasswordChecks>(clock, logins);
  Said said;
};

TEST_F(PasswordChecksTest, AcceptTheCorrectPassword) {
  EXPECT_EQ(ask("192.0.2.1", "secret"), "");
  EXPECT_EQ(ask("192.0.2.2", "guess"), "");
  EXPECT_EQ(taken(), Said{});
  EXPECT_EQ(run(), 2);
  EXPECT_EQ(taken(), (Said{"192.0.2.1 accepted", "192.0.2.2 rejected"}));
  EXPECT_TRUE(checks->knows(*net::IpAddress::parse("192.0.2.1")));
  EXPECT_FALSE(checks->knows(*net::IpAddress::parse("192.0.2.2")));
}

TEST_F(PasswordChecksTest, ARecentlyCorrectPasswordNeedsNoHash) {
  ask("192.0.2.1", "secret");
  run();
  EXPECT_EQ(ask("192.0.2.9", "secret"), "accepted");
  EXPECT_TRUE(checks->knows(*net::IpAddress::parse("192.0.2.9")));
  clock.advance(11min);
  EXPECT_EQ(ask("192.0.2.9", "secret"), "");
}

TEST_F(PasswordChecksTest, EqualQuestionsAreOneHashAndOneGuess) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask("192.0.2.1", "old password"), "");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(std::ranges::count(taken(), "192.0.2.1 rejected"), 50);
  EXPECT_EQ(ask("192.0.2.1", "secret"), "");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(taken(), Said{"192.0.2.1 accepted"});
}

TEST_F(PasswordChecksTest, FiftyConnectionsOfANewClientAreOneHash) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask("192.0.2.1", "secret"), "");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(std::ranges::count(taken(), "192.0.2.1 accepted"), 50);
}

TEST_F(PasswordChecksTest, WaitingGuessesDoNotPassTheLimit) {
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask("192.0.2.1", "guess" + std::to_string(i)), "");
  run();
  EXPECT_EQ(taken(), (Said{"192.0.2.1 rejected", "192.0.2.1 rejected", "192.0.2.1 rejected",
                           "192.0.2.1 is locked", "192.0.2.1 locked", "192.0.2.1 locked",
                           "192.0.2.1 locked", "192.0.2.1 locked", "192.0.2.1 locked"}));
  EXPECT_EQ(ask("192.0.2.1", "secret"), "locked");
}

TEST_F(PasswordChecksTest, ALockedClientDoesNotLearnWhichLoginIsKnownThere) {
  ask("192.0.2.1", "secret");
  run();
  for (int i = 0; i < 3; ++i) {
    const net::IpAddress client = *net::IpAddress::parse("192.0.2.1");
    (void)logins.failed(*logins.begin(client, "nobody", clock.steady_now()), client, "nobody");
  }
  taken();
  EXPECT_EQ(ask("192.0.2.1", "guess"), "");
  ask("192.0.2.2", "guess");  // the same guess, by one that is not locked
  run();
  EXPECT_EQ(taken(), (Said{"192.0.2.1 rejected as if locked", "192.0.2.2 rejected"}));
  EXPECT_EQ(ask("192.0.2.1", "secret"), "accepted");
  clock.advance(61s);
  ask("192.0.2.1", "guess");
  run();
  EXPECT_EQ(taken(), Said{"192.0.2.1 rejected"}) << "the lock has ended";
}

TEST_F(PasswordChecksTest, ALockedClientDoesNotAffectOthers) {
  ask("192.0.2.1", "guess1");
  ask("192.0.2.1", "guess2");
  ask("192.0.2.1", "guess3");
  ask("192.0.2.1", "secret");
  EXPECT_EQ(ask("192.0.2.2", "secret"), "");  // the same question
  run();
  const Said all = taken();
  EXPECT_EQ(std::ranges::count(all, "192.0.2.1 locked"), 1);
  EXPECT_EQ(std::ranges::count(all, "192.0.2.2 accepted"), 1);
}

TEST_F(PasswordChecksTest, WithoutAPlaceThePasswordIsNotChecked) {
  checks = std::make_unique<PasswordChecks>(
      clock, logins, CheckLine::Limits{.waiting = 2, .kept = 1, .waiting_per_client = 1});
  ask("192.0.2.1", "guess1");
  EXPECT_EQ(ask("192.0.2.2", "guess2"), "");
  EXPECT_EQ(taken(), Said{"192.0.2.2 unavailable"});
  logins.succeeded(*net::IpAddress::parse("192.0.2.3"), "shop", clock.steady_now());
  EXPECT_EQ(ask("192.0.2.3", "secret"), "");
  EXPECT_EQ(run(), 2);
  EXPECT_EQ(taken(), (Said{"192.0.2.3 accepted", "192.0.2.1 rejected"}));
}

TEST_F(PasswordChecksTest, WithoutUsersEveryPasswordIsWrong) {
  users = nullptr;
  ask("192.0.2.1", "secret");
  run();
  EXPECT_EQ(taken(), Said{"192.0.2.1 rejected"});
}

TEST_F(PasswordChecksTest, ThreadsCheckWhatIsAsked) {
  checks->start(2);
  std::promise<Verdict> verdict;
  const auto known =
      checks->ask(question("192.0.2.1", "secret"),
                  [&](PasswordChecks::Answer given) { verdict.set_value(given.verdict); });
  ASSERT_FALSE(known);
  EXPECT_EQ(verdict.get_future().get(), Verdict::Accepted);
}

TEST_F(PasswordChecksTest, AfterTheStopNothingIsAnswered) {
  ask("192.0.2.1", "secret");
  checks->stop();
  EXPECT_FALSE(checks->run_next());
  checks.reset();
  EXPECT_EQ(taken(), Said{});
}

}  // namespace
}  // namespace signpost::auth
