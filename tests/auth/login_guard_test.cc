#include "auth/login_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

net::IpAddress ip(const std::string& text) { return *net::IpAddress::parse(text); }

// One wrong password.
LoginGuard::Locked failed(LoginGuard& guard, const std::string& client, const std::string& login,
                          SteadyTime now) {
  const auto begun = guard.begin(ip(client), login, now);
  return begun ? guard.failed(*begun, ip(client), login) : LoginGuard::Locked{};
}

class LoginGuardTest : public testing::Test {
 protected:
  void fail(const std::string& client, const std::string& login, int times) {
    for (int i = 0; i < times; ++i) last = failed(guard, client, login, now);
  }
  bool may_try(const std::string& client, const std::string& login) {
    return guard.may_try(ip(client), login, now);
  }

  LoginGuard guard;
  LoginGuard::Locked last;
  SteadyTime now = SteadyTime{} + hours(1000);
};

TEST_F(LoginGuardTest, ClientThatGuessesIsLockedForAllLogins) {
  fail("192.0.2.1", "a", 10);
  EXPECT_TRUE(may_try("192.0.2.1", "a"));
  fail("192.0.2.1", "b", 1);
  EXPECT_EQ(last.client, seconds(60));
  EXPECT_EQ(last.login, seconds(0));
  EXPECT_FALSE(may_try("192.0.2.1", "a"));
  EXPECT_FALSE(may_try("192.0.2.1", "never tried"));
  EXPECT_TRUE(may_try("192.0.2.2", "a"));
}

TEST_F(LoginGuardTest, CountsTheLocksInForce) {
  fail("192.0.2.1", "a", 10);
  EXPECT_EQ(guard.locks(now).clients, 0U);
  fail("192.0.2.1", "a", 1);
  for (int i = 2; i < 22; ++i) fail("192.0.2." + std::to_string(i), "b", 1);
  EXPECT_EQ(guard.locks(now).clients, 1U);
  EXPECT_EQ(guard.locks(now).logins, 0U);
  fail("192.0.2.99", "b", 1);
  EXPECT_EQ(guard.locks(now).logins, 1U);
  now += minutes(2);
  EXPECT_EQ(guard.locks(now).clients, 0U);
  EXPECT_EQ(guard.locks(now).logins, 0U);
}

TEST_F(LoginGuardTest, LockEndsAndTheNextOneIsTwiceAsLong) {
  fail("192.0.2.1", "a", 11);
  now += seconds(59);
  EXPECT_FALSE(may_try("192.0.2.1", "a"));
  now += seconds(1);
  EXPECT_TRUE(may_try("192.0.2.1", "a"));
  fail("192.0.2.1", "a", 1);
  EXPECT_EQ(last.client, seconds(120));
  for (int i = 0; i < 10; ++i) {
    now += last.client;
    fail("192.0.2.1", "a", 1);
  }
  EXPECT_EQ(last.client, seconds(3600));
}

TEST_F(LoginGuardTest, FailuresAreForgottenInTime) {
  for (int i = 0; i < 100; ++i) {
    fail("192.0.2.1", "a", 1);
    now += minutes(1);
  }
  EXPECT_TRUE(may_try("192.0.2.1", "a"));
}

TEST_F(LoginGuardTest, LoginGuessedFromManyClientsIsLockedForStrangers) {
  for (int i = 1; i <= 21; ++i) fail("192.0.2." + std::to_string(i), "shop", 1);
  EXPECT_EQ(last.login, seconds(60));
  EXPECT_FALSE(may_try("198.51.100.1", "shop"));
  EXPECT_TRUE(may_try("198.51.100.1", "other"));
}

TEST_F(LoginGuardTest, WhoIsKnownIsNotLockedOutByStrangers) {
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  for (int i = 1; i <= 100; ++i) fail("192.0.2." + std::to_string(i), "shop", 1);
  EXPECT_FALSE(may_try("192.0.2.200", "shop"));
  EXPECT_TRUE(may_try("203.0.113.7", "shop"));
  // Nor by a neighbour behind the same address.
  fail("203.0.113.7", "old password", 30);
  EXPECT_FALSE(may_try("203.0.113.7", "new login"));
  EXPECT_TRUE(may_try("203.0.113.7", "shop"));
}

TEST_F(LoginGuardTest, ItsOwnFailuresMakeALoginUnknown) {
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  fail("203.0.113.7", "shop", 11);
  EXPECT_TRUE(may_try("203.0.113.7", "shop"));  // no lock yet, only no longer known
  fail("203.0.113.7", "shop", 11);
  EXPECT_FALSE(may_try("203.0.113.7", "shop"));
}

TEST_F(LoginGuardTest, KnownLoginIsForgottenWhenItStaysAway) {
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  now += hours(24 * 30);
  fail("203.0.113.7", "other", 11);
  EXPECT_FALSE(may_try("203.0.113.7", "shop"));
}

TEST_F(LoginGuardTest, ClientIsKnownWhileALoginIsKnownThere) {
  EXPECT_FALSE(guard.knows(ip("203.0.113.7"), now));
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  EXPECT_TRUE(guard.knows(ip("203.0.113.7"), now));
  EXPECT_FALSE(guard.knows(ip("203.0.113.8"), now));
  fail("203.0.113.7", "other", 30);  // a neighbour's failures change nothing
  EXPECT_TRUE(guard.knows(ip("203.0.113.7"), now));
  now += hours(24 * 30);
  EXPECT_FALSE(guard.knows(ip("203.0.113.7"), now));
}

TEST_F(LoginGuardTest, ClientIsForgottenWithItsLogin) {
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  fail("203.0.113.7", "shop", 11);
  EXPECT_FALSE(guard.knows(ip("203.0.113.7"), now));
  guard.succeeded(ip("203.0.113.7"), "other", now);
  EXPECT_TRUE(guard.knows(ip("203.0.113.7"), now));
}

TEST_F(LoginGuardTest, ClientOfAnIpv6NetworkIsKnownByItsPrefix) {
  guard.succeeded(ip("2001:db8:1:2::7"), "shop", now);
  EXPECT_TRUE(guard.knows(ip("2001:db8:1:2:ffff::1"), now));
  EXPECT_FALSE(guard.knows(ip("2001:db8:1:3::7"), now));
}

TEST_F(LoginGuardTest, ChecksThatRunAtOnceCountFromTheirBeginning) {
  int begun = 0;
  while (guard.begin(ip("192.0.2.1"), "a", now)) ++begun;
  EXPECT_EQ(begun, 11);  // ten, and the one that locks
  EXPECT_FALSE(may_try("192.0.2.1", "b"));
}

TEST_F(LoginGuardTest, KnowsHowOftenAClientFailedLately) {
  EXPECT_EQ(guard.failures(ip("192.0.2.1"), now), 0U);
  fail("192.0.2.1", "a", 3);
  EXPECT_EQ(guard.failures(ip("192.0.2.1"), now), 3U);
  EXPECT_EQ(guard.failures(ip("192.0.2.1"), now + seconds(90)), 2U);
  EXPECT_EQ(guard.failures(ip("192.0.2.2"), now), 0U);
}

TEST_F(LoginGuardTest, CorrectPasswordsAreNotCounted) {
  for (int i = 0; i < 100; ++i) {
    const std::string login = std::to_string(i);
    const auto begun = guard.begin(ip("192.0.2.1"), login, now);
    ASSERT_TRUE(begun);
    guard.take_back(*begun, ip("192.0.2.1"), login, now);
    guard.succeeded(ip("192.0.2.1"), login, now);
  }
  fail("192.0.2.1", "guess", 10);
  EXPECT_TRUE(may_try("192.0.2.1", "guess"));
}

TEST_F(LoginGuardTest, ACorrectPasswordLiftsItsLock) {
  fail("192.0.2.1", "a", 10);
  const auto begun = guard.begin(ip("192.0.2.1"), "b", now);
  ASSERT_TRUE(begun);
  EXPECT_FALSE(may_try("192.0.2.1", "a"));  // until it is known
  guard.take_back(*begun, ip("192.0.2.1"), "b", now);
  EXPECT_TRUE(may_try("192.0.2.1", "a"));
  fail("192.0.2.1", "a", 1);
  EXPECT_EQ(last.client, seconds(60));  // it counts as the first lock
}

TEST_F(LoginGuardTest, KnownPairsOutliveARestart) {
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  now += hours(24);
  guard.succeeded(ip("2001:db8:1:2::7"), "news letter", now);
  fail("203.0.113.9", "gone", 1);
  const std::vector<LoginGuard::Known> pairs = guard.known(now);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0], (LoginGuard::Known{"203.0.113.7", "shop", hours(24 * 29)}));
  EXPECT_EQ(pairs[1].login, "news letter");
  LoginGuard next;
  const SteadyTime later = SteadyTime{} + hours(1);
  next.restore(pairs, later);
  EXPECT_EQ(next.known(later), pairs);
  EXPECT_TRUE(next.knows(ip("203.0.113.7"), "shop", later));
  EXPECT_TRUE(next.knows(ip("203.0.113.7"), later));
  EXPECT_TRUE(next.knows(ip("2001:db8:1:2::8"), "news letter", later));
  EXPECT_FALSE(next.knows(ip("203.0.113.7"), "shop", later + hours(24 * 29)));
}

TEST_F(LoginGuardTest, NothingStaysKnownLongerThanUsualAfterARestart) {
  guard.restore({{"203.0.113.7", "shop", hours(24 * 400)}}, now);
  EXPECT_TRUE(guard.knows(ip("203.0.113.7"), "shop", now + hours(24 * 30) - seconds(1)));
  EXPECT_FALSE(guard.knows(ip("203.0.113.7"), "shop", now + hours(24 * 30)));
}

TEST_F(LoginGuardTest, SaysWhenSavingIsWorthIt) {
  EXPECT_FALSE(guard.unsaved());
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  EXPECT_TRUE(guard.unsaved());
  (void)guard.known(now);
  EXPECT_FALSE(guard.unsaved());
  now += hours(1);
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  EXPECT_FALSE(guard.unsaved());
  now += hours(24);
  guard.succeeded(ip("203.0.113.7"), "shop", now);
  EXPECT_TRUE(guard.unsaved());
  (void)guard.known(now);
  guard.set_unsaved();
  EXPECT_TRUE(guard.unsaved());
  (void)guard.known(now);
  fail("203.0.113.7", "shop", 11);
  EXPECT_TRUE(guard.unsaved());
  EXPECT_TRUE(guard.known(now).empty());
}

TEST_F(LoginGuardTest, Ipv6ClientsAreTheirNetwork) {
  for (int i = 1; i <= 11; ++i) fail("2001:db8:1:2::" + std::to_string(i), "a", 1);
  EXPECT_FALSE(may_try("2001:db8:1:2:ffff::1", "a"));
  EXPECT_TRUE(may_try("2001:db8:1:3::1", "a"));
}

TEST(LoginGuard, KeepsNoMoreThanItsBound) {
  LoginGuard guard({.client_failures = 1, .entries = 2});
  const SteadyTime now = SteadyTime{} + hours(1000);
  for (const char* client : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    (void)failed(guard, client, client, now);
    (void)failed(guard, client, client, now);
  }
  // The first one made room.
  EXPECT_TRUE(guard.may_try(ip("192.0.2.1"), "x", now));
  EXPECT_FALSE(guard.may_try(ip("192.0.2.2"), "x", now));
  EXPECT_FALSE(guard.may_try(ip("192.0.2.3"), "x", now));
}

TEST(LoginGuard, NamesOfAnyLengthAreCutAlike) {
  LoginGuard guard({.login_failures = 1});
  const SteadyTime now = SteadyTime{} + hours(1000);
  const std::string name(100'000, 'x');
  (void)failed(guard, "192.0.2.1", name, now);
  (void)failed(guard, "192.0.2.2", name, now);
  EXPECT_FALSE(guard.may_try(ip("192.0.2.3"), name, now));
}

}  // namespace
}  // namespace signpost::auth
