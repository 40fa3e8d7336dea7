#include "auth/authenticator.h"

#include "tests/auth/one_login.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::auth {
namespace {

using namespace std::chrono_literals;

// The delay of a rejection is a timer of the loop; the tests make it short and never wait for it by
// the clock. All else goes by the manual clock.
class AuthenticatorTest : public testing::Test {
 protected:
  Attempt attempt(std::string login, std::string_view password) const {
    return {.client = net::IpAddress::parse("192.0.2.7").value(),
            .users = users,
            .mechanism = "PLAIN",
            .authorization_identity = "",
            .login = std::move(login),
            .password = SecretString(password)};
  }

  void ask(Attempt tried) {
    ++open;
    authenticator.check(
        std::move(tried),
        [this](const Attempt& checked, Verdict verdict, const LoginGuard::Locked& locked) {
          said.push_back("decided " + checked.login + " " + word(verdict));
          if (locked.client.count() != 0) said.push_back("client locked");
          if (locked.login.count() != 0) said.push_back("login locked");
          if (stop_when_decided) loop.stop();
        },
        [this](Verdict verdict, const std::string&) {
          said.push_back("answered " + word(verdict));
          if (--open == 0) loop.stop();
        });
  }
  // What happened up to the last answer.
  std::vector<std::string> run() {
    while (checks.run_next()) {
    }
    loop.run();
    return std::exchange(said, {});
  }
  std::vector<std::string> check(const std::string& login, const std::string& password) {
    ask(attempt(login, password));
    EXPECT_TRUE(said.empty()) << "answered from within the call";
    return run();
  }
  using Said = std::vector<std::string>;

  test::ManualClock clock;
  net::Loop loop;
  net::Timers timers{loop};
  std::shared_ptr<const Users> users = one_login();
  LoginGuard logins{{.client_failures = 2,
                     .login_failures = 20,
                     .forgotten = 60s,
                     .first_lock = 60s,
                     .longest_lock = 3600s,
                     .known = 1h,
                     .entries = 100}};
  PasswordChecks checks{clock, logins};
  Authenticator authenticator{loop, timers, clock, checks, {.rejection_time = 1ms}};
  std::vector<std::string> said;
  int open = 0;
  bool stop_when_decided = false;
};

TEST_F(AuthenticatorTest, TheRightPasswordIsAccepted) {
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop accepted", "answered accepted"}));
}

TEST_F(AuthenticatorTest, AClientIsKnownOnceALoginHasSucceeded) {
  EXPECT_FALSE(authenticator.knows(attempt("shop", "").client));
  check("shop", "guess");
  EXPECT_FALSE(authenticator.knows(attempt("shop", "").client));
  check("shop", "secret");
  EXPECT_TRUE(authenticator.knows(attempt("shop", "").client));
  clock.advance(1h);
  EXPECT_FALSE(authenticator.knows(attempt("shop", "").client));
}

TEST_F(AuthenticatorTest, AWrongPasswordAndAnUnknownLoginAreRejected) {
  EXPECT_EQ(check("shop", "guess"), (Said{"decided shop rejected", "answered rejected"}));
  EXPECT_EQ(check("nobody", "secret"), (Said{"decided nobody rejected", "answered rejected"}));
}

TEST_F(AuthenticatorTest, WithoutUsersEveryPasswordIsWrong) {
  users = nullptr;
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop rejected", "answered rejected"}));
}

TEST_F(AuthenticatorTest, ARejectionIsReportedBeforeItsDelay) {
  stop_when_decided = true;
  EXPECT_EQ(check("shop", "guess"), (Said{"decided shop rejected"}));
  stop_when_decided = false;
  EXPECT_EQ(run(), (Said{"answered rejected"}));
}

TEST_F(AuthenticatorTest, ARejectionIsReportedEvenIfNobodyWaits) {
  stop_when_decided = true;
  ask(attempt("shop", "guess"));
  EXPECT_EQ(run(), (Said{"decided shop rejected"}));
  timers.clear();  // the worker ends
}

TEST_F(AuthenticatorTest, NobodyMayActForAnother) {
  Attempt tried = attempt("shop", "secret");
  tried.authorization_identity = "boss";
  ask(std::move(tried));
  EXPECT_EQ(run(), (Said{"decided shop rejected", "answered rejected"}));
  tried = attempt("shop", "secret");
  tried.authorization_identity = "shop";
  ask(std::move(tried));
  EXPECT_EQ(run(), (Said{"decided shop accepted", "answered accepted"}));
}

TEST_F(AuthenticatorTest, ConcurrentGuessesGetNoFurtherThanSequentialOnes) {
  for (int i = 0; i < 8; ++i) ask(attempt("shop", "guess" + std::to_string(i)));
  const Said all = run();
  EXPECT_EQ(std::ranges::count(all, "decided shop rejected"), 3);  // the third one locks
  EXPECT_EQ(std::ranges::count(all, "decided shop locked"), 5);
  EXPECT_EQ(std::ranges::count(all, "client locked"), 1);
}

TEST_F(AuthenticatorTest, AfterTooManyFailuresNoPasswordIsCheckedForAWhile) {
  Said all;
  for (int i = 0; i < 3; ++i) {
    const Said one = check("guess" + std::to_string(i), "x");
    all.insert(all.end(), one.begin(), one.end());
  }
  EXPECT_EQ(std::ranges::count(all, "client locked"), 1);
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop locked", "answered locked"}));
  clock.advance(61s);
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop accepted", "answered accepted"}));
}

TEST_F(AuthenticatorTest, AWrongPasswordOfAKnownLoginSoundsLockedWhereOthersAre) {
  check("shop", "secret");
  for (int i = 0; i < 3; ++i) check("nobody", "guess" + std::to_string(i));
  EXPECT_EQ(check("nobody", "guess"), (Said{"decided nobody locked", "answered locked"}));
  EXPECT_EQ(check("shop", "guess"), (Said{"decided shop rejected", "answered locked"}));
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop accepted", "answered accepted"}));
}

TEST_F(AuthenticatorTest, AProofCountsAsAPasswordDoes) {
  const auto prove = [this](bool right) {
    Attempt tried = attempt("shop", "");
    tried.proof = right;
    ask(std::move(tried));
    return run();
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(prove(false), (Said{"decided shop rejected", "answered rejected"}));
  }
  EXPECT_EQ(prove(false), (Said{"decided shop rejected", "client locked", "answered rejected"}));
  EXPECT_EQ(prove(true), (Said{"decided shop locked", "answered locked"}));
  clock.advance(61s);
  EXPECT_EQ(prove(true), (Said{"decided shop accepted", "answered accepted"}));
  EXPECT_TRUE(authenticator.knows(attempt("shop", "").client));
}

TEST_F(AuthenticatorTest, ADovecotThatIsAwayIsNobodysFailure) {
  const auto ask_dovecot = [this](const std::string& login) {
    Attempt tried = attempt(login, "secret");
    tried.dovecot_socket = "/nonexistent/auth-client";
    ask(std::move(tried));
    return run();
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask_dovecot("other"), (Said{"decided other unavailable", "answered unavailable"}));
  }
  // Dovecot is not asked for a login of users.toml.
  EXPECT_EQ(ask_dovecot("shop"), (Said{"decided shop accepted", "answered accepted"}));
}

TEST(Rejection, IsAnsweredAtAWholeMultipleOfItsTime) {
  EXPECT_EQ(time_to_rejection(0ms, 1000ms), 1000ms);
  EXPECT_EQ(time_to_rejection(80ms, 1000ms), 920ms);
  EXPECT_EQ(time_to_rejection(999'999us, 1000ms), 1ms);
  EXPECT_EQ(time_to_rejection(2300ms, 1000ms), 700ms);
}

}  // namespace
}  // namespace signpost::auth
