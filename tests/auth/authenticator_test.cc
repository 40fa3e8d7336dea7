#include "auth/authenticator.h"

#include "tests/auth/one_login.h"
#include "tests/support/manual_clock.h"
#include "tests/support/token_issuer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
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
          fault = checked.fault;
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
  std::string fault;  // of the last decision
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

TEST_F(AuthenticatorTest, WhatCannotBeGuessedIsNotLocked) {
  const auto prove = [this](bool right) {
    Attempt tried = attempt("shop", "");
    tried.proof = right;
    tried.may_be_guess = false;
    ask(std::move(tried));
    return run();
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(prove(false), (Said{"decided shop rejected", "answered rejected"}));
  }
  EXPECT_EQ(fault,
            "users.toml has no login that the client's certificate names, or the client asks for "
            "another one");
  for (int i = 0; i < 3; ++i) check("nobody", "guess" + std::to_string(i));
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop locked", "answered locked"}));
  EXPECT_EQ(prove(true), (Said{"decided shop accepted", "answered accepted"}));
  EXPECT_TRUE(authenticator.knows(attempt("shop", "").client));
}

class TokenLoginTest : public AuthenticatorTest {
 protected:
  // Its keys are in a file, or fetched when it is fetched_rules.
  std::shared_ptr<TokenRules> rules() const {
    auto made = std::make_shared<TokenRules>();
    made->expected = {.issuer = "i", .audience = "a", .scope = "", .login_claim = "sub"};
    made->keys = jwt::KeySet::parse(test::key_set({issuer.key()})).value();
    return made;
  }
  std::string token(const std::string& login, int seconds = 60) const {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.system_now());
    return issuer.sign("EdDSA", R"({"iss":"i","aud":"a","sub":")" + login + R"(","exp":)" +
                                    std::to_string(now.time_since_epoch().count() + seconds) + "}");
  }
  std::vector<std::string> show(Authenticator& to, std::shared_ptr<const TokenRules> by,
                                const std::string& identity, const std::string& shown) {
    Attempt tried = attempt(identity, "");
    tried.mechanism = "OAUTHBEARER";
    tried.authorization_identity = identity;
    tried.token_rules = std::move(by);
    tried.token = SecretString(shown);
    ++open;
    to.check(
        std::move(tried),
        [this](const Attempt& checked, Verdict verdict, const LoginGuard::Locked&) {
          said.push_back("decided " + checked.login + " " + word(verdict));
          fault = checked.fault;
        },
        [this](Verdict verdict, const std::string& login) {
          said.push_back("answered " + login + " " + word(verdict));
          if (--open == 0) loop.stop();
        });
    EXPECT_TRUE(said.empty()) << "answered from within the call";
    fetched.fetch_if_due();
    loop.run();
    return std::exchange(said, {});
  }
  std::vector<std::string> show(const std::string& identity, const std::string& shown) {
    return show(authenticator, rules(), identity, shown);
  }

  const test::TokenIssuer issuer{jwt::KeyKind::Ed25519, "k"};
  Result<std::string> document{test::key_set({issuer.key()})};
  FetchedKeys fetched{clock,
                      [this](const std::string&, const std::atomic<bool>&) { return document; },
                      [](bool) {}};
};

TEST_F(TokenLoginTest, ATokenNamesItsLogin) {
  EXPECT_EQ(show("", token("shop")), (Said{"decided shop accepted", "answered shop accepted"}));
  EXPECT_EQ(show("shop", token("shop")), (Said{"decided shop accepted", "answered shop accepted"}));
  EXPECT_TRUE(authenticator.knows(attempt("shop", "").client));
}

TEST_F(TokenLoginTest, NobodyActsForAnotherLoginThanTheTokens) {
  EXPECT_EQ(show("boss", token("shop")), (Said{"decided shop rejected", "answered shop rejected"}));
  EXPECT_EQ(fault, "the token is of another login than the client asks for");
}

TEST_F(TokenLoginTest, ALoginThatUsersHasNotIsRefusedUnlessAllowed) {
  EXPECT_EQ(show("", token("other")), (Said{"decided other rejected", "answered other rejected"}));
  EXPECT_EQ(fault, "the token's login is not in users.toml");
  auto open_to_all = rules();
  open_to_all->unlisted = true;
  EXPECT_EQ(show(authenticator, open_to_all, "", token("other")),
            (Said{"decided other accepted", "answered other accepted"}));
  users = nullptr;
  EXPECT_EQ(show(authenticator, open_to_all, "", token("other")),
            (Said{"decided other accepted", "answered other accepted"}));
}

TEST_F(TokenLoginTest, AListedLoginIsItselfInWhateverCase) {
  auto open_to_all = rules();
  open_to_all->unlisted = true;
  for (const auto& by : {rules(), open_to_all}) {
    for (const char* identity : {"", "shop", "SHOP"}) {
      EXPECT_EQ(show(authenticator, by, identity, token("SHOP")),
                (Said{"decided shop accepted", "answered shop accepted"}));
    }
  }
}

TEST_F(TokenLoginTest, AnExpiredTokenIsNoGuess) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(show("shop", token("shop", -61)),
              (Said{"decided shop rejected", "answered shop rejected"}));
  }
  EXPECT_EQ(fault, "the token is refused: it has expired");
  EXPECT_EQ(check("shop", "secret"), (Said{"decided shop accepted", "answered accepted"}));
}

TEST_F(TokenLoginTest, GarbageIsAGuessAndNoLockHoldsOffAGoodToken) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(show("shop", "a.b.c"), (Said{"decided shop rejected", "answered shop rejected"}));
  }
  EXPECT_EQ(fault, "the token is refused: it is not a signed JSON Web Token");
  EXPECT_EQ(show("shop", "a.b.c"), (Said{"decided shop locked", "answered shop locked"}));
  EXPECT_EQ(show("shop", token("shop")), (Said{"decided shop accepted", "answered shop accepted"}));
}

TEST_F(TokenLoginTest, KeysAreFetchedForATokenThatNamesAnUnknownOne) {
  Authenticator with_url{loop,
                         timers,
                         clock,
                         checks,
                         {.rejection_time = 1ms, .salt_secret = "", .fetched_keys = &fetched}};
  auto by_url = rules();
  by_url->keys = nullptr;
  EXPECT_EQ(show(with_url, by_url, "shop", token("shop")),
            (Said{"decided shop unavailable", "answered shop unavailable"}));
  document = fail(Errc::Unavailable, "nobody listens");
  fetched.configure("https://id.example/keys", FetchedKeys::Thread::No);
  EXPECT_EQ(show(with_url, by_url, "shop", token("shop")),
            (Said{"decided shop unavailable", "answered shop unavailable"}));
  EXPECT_EQ(fault, "the issuer's keys cannot be fetched (token_keys_failed)");
  document = test::key_set({test::TokenIssuer(jwt::KeyKind::Ed25519, "old").key()});
  clock.advance(60s);
  EXPECT_EQ(show(with_url, by_url, "shop", token("shop")),
            (Said{"decided shop rejected", "answered shop rejected"}));
  EXPECT_EQ(fault, "the token is refused: it names a key that the issuer does not have");
  // It may be a new one, which cannot be fetched yet.
  EXPECT_EQ(show(with_url, by_url, "shop", token("shop")),
            (Said{"decided shop unavailable", "answered shop unavailable"}));
  document = test::key_set({issuer.key()});
  clock.advance(30s);
  EXPECT_EQ(show(with_url, by_url, "shop", token("shop")),
            (Said{"decided shop accepted", "answered shop accepted"}));
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
  EXPECT_EQ(rejection_step(1000ms, 0ms), 1000ms);
  EXPECT_EQ(rejection_step(1000ms, 300ms), 1000ms);
  EXPECT_EQ(rejection_step(1000ms, 700ms), 2000ms);
  EXPECT_EQ(rejection_step(1000ms, 1010ms), 2000ms) << "all are answered after two seconds";
  EXPECT_EQ(rejection_step(1000ms, 1500ms), 3000ms);
}

}  // namespace
}  // namespace signpost::auth
