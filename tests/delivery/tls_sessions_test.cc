#include "delivery/tls_sessions.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace signpost::delivery {
namespace {

using net::TlsTrust;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SteadyTime kStart{hours(1)};

net::TlsTicket single_use(const std::string& octets) { return {octets, true, hours(100)}; }
net::TlsTicket reusable(const std::string& octets, seconds lifetime = hours(100)) {
  return {octets, false, lifetime};
}

class TlsSessionsTest : public testing::Test {
 protected:
  TlsSessionsTest() { EXPECT_EQ(take(), ""); }  // follows the rules from then on

  static TlsSessions::Server server_named(const std::string& host) {
    return {.host = host, .port = 25, .expected = {host, {host}}, .least = TlsTrust::None};
  }
  static TlsSessions::Rules fresh_rules() {
    return std::make_shared<const relay::ClientTls>(net::TlsClientContext::create().value());
  }
  void keep(const net::TlsTicket& ticket) { sessions_.keep(rules_, server_, ticket, kStart); }
  std::string take(const TlsSessions::Server& server, SteadyTime now = kStart) {
    const auto ticket = sessions_.take(rules_, server, now);
    return ticket ? std::string(ticket->octets()) : "";
  }
  std::string take(SteadyTime now = kStart) { return take(server_, now); }

  TlsSessions sessions_;
  TlsSessions::Rules rules_ = fresh_rules();
  const TlsSessions::Server server_ = server_named("mx.example");
};

TEST_F(TlsSessionsTest, ATicketOfTls13IsUsedOnceTheLatestFirst) {
  keep(single_use("older"));
  keep(single_use("newer"));
  EXPECT_EQ(take(), "newer");
  EXPECT_EQ(take(), "older");
  EXPECT_EQ(take(), "");
  EXPECT_EQ(sessions_.servers(), 0u);
}

TEST_F(TlsSessionsTest, ASessionOfTls12IsUsedAgain) {
  keep(reusable("a"));
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), "a");
}

TEST_F(TlsSessionsTest, ContinueOnlyWhatTheyWereMadeFor) {
  keep(reusable("a"));
  for (const TlsTrust least : {TlsTrust::Unverified, TlsTrust::Pkix, TlsTrust::Dane}) {
    TlsSessions::Server stricter = server_;
    stricter.least = least;
    EXPECT_EQ(take(stricter), "");
  }
  EXPECT_EQ(take(server_named("mx2.example")), "");
  TlsSessions::Server other = server_;
  other.port = 465;
  EXPECT_EQ(take(other), "") << "another port";
  other = server_;
  other.expected.server_name = "mail.example";
  EXPECT_EQ(take(other), "") << "another SNI";
  other = server_;
  other.expected.names = {"mail.example"};
  EXPECT_EQ(take(other), "") << "other names to verify";
  other = server_;
  other.expected.tlsa = {{3, 1, 1, "hash"}};
  EXPECT_EQ(take(other), "") << "TLSA records";
  EXPECT_EQ(take(), "a");
}

TEST_F(TlsSessionsTest, AreKeptForADayAtMost) {
  keep(reusable("a"));
  EXPECT_EQ(take(kStart + hours(24) - milliseconds(1)), "a");
  EXPECT_EQ(take(kStart + hours(24)), "");
}

TEST_F(TlsSessionsTest, AreKeptForAsLongAsTheServerSays) {
  keep(reusable("a", seconds(60)));
  EXPECT_EQ(take(kStart + seconds(59)), "a");
  EXPECT_EQ(take(kStart + seconds(60)), "");
}

TEST_F(TlsSessionsTest, ExpiredOnesAreWipedThoughNobodyAsksForThem) {
  keep(reusable("a", seconds(60)));
  const SteadyTime later = kStart + TlsSessions::kSweeping;
  sessions_.keep(rules_, server_named("mx2.example"), single_use("b"), later);
  EXPECT_EQ(sessions_.servers(), 1u);
}

TEST_F(TlsSessionsTest, AreForgottenWhenTheyDoNotWork) {
  keep(single_use("a"));
  keep(single_use("b"));
  sessions_.forget(server_);
  EXPECT_EQ(take(), "");
}

TEST_F(TlsSessionsTest, AreForgottenWithTheRulesThatTheyWereMadeBy) {
  keep(single_use("a"));
  const auto former = rules_;
  rules_ = fresh_rules();
  EXPECT_EQ(take(), "");
  EXPECT_EQ(sessions_.servers(), 0u);
  sessions_.keep(former, server_, single_use("b"), kStart);
  EXPECT_EQ(take(), "") << "a connection of the former configuration was given it";
}

TEST_F(TlsSessionsTest, AreBounded) {
  for (std::size_t i = 0; i <= TlsSessions::kMostServers; ++i) {
    sessions_.keep(rules_, server_named(std::to_string(i)), single_use("a"), kStart);
  }
  EXPECT_EQ(sessions_.servers(), TlsSessions::kMostServers);
  EXPECT_EQ(take(server_named("0")), "") << "the first of too many";
  for (int i = 0; i < 10; ++i) keep(single_use(std::to_string(i)));
  for (std::size_t i = 0; i < TlsSessions::kMostOfServer; ++i) {
    EXPECT_EQ(take(), std::to_string(9 - i));
  }
  EXPECT_EQ(take(), "");
}

}  // namespace
}  // namespace signpost::delivery
