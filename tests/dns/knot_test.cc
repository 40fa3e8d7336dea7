// The resolver against a real name server.
#include "tests/dns/knot_server.h"
#include "tests/dns/resolver_fixture.h"

#include <algorithm>
#include <stdexcept>

namespace signpost::dns {
namespace {

using Outcome = MxAnswer::Outcome;
using List = std::vector<std::string>;

constexpr char kZone[] = R"($ORIGIN example.
$TTL 300
@             SOA   ns admin 1 3600 600 86400 60
@             NS    ns
ns            A     127.0.0.1
several       MX    20 mx2
several       MX    10 MX1.Example.
several       MX    30 mx3
equal         MX    10 mx1
equal         MX    10 mx2
equal         MX    10 mx3
null          MX    0 .
a-only        A     192.0.2.10
aaaa-only     AAAA  2001:db8::10
both          A     192.0.2.10
both          A     192.0.2.11
both          AAAA  2001:db8::10
text-only     TXT   "nothing else"
alias         CNAME several
far           CNAME step1
step1         CNAME step2
step2         CNAME step3
step3         MX    10 mx1
step3         A     192.0.2.30
mx1           A     192.0.2.1
mx2           A     192.0.2.2
mx3           A     192.0.2.3
*.wild        MX    10 mx1
to-literal    MX    10 192.0.2.1.
to-nothing    CNAME not-there
)";

// Thirty exchangers whose names do not fit into a datagram.
std::string zone_with_many() {
  std::string zone = kZone;
  for (int i = 0; i < 30; ++i) {
    const std::string number = std::to_string(100 + i);
    zone.append("many MX ").append(number).append(" mail-exchanger-with-a-name-of-some-length-");
    zone.append(number).append(".").append(40, static_cast<char>('a' + i % 26)).append("\n");
  }
  return zone;
}

class KnotTest : public ResolverFixture {
 protected:
  static void SetUpTestSuite() {
    try {
      server = std::make_unique<KnotServer>(
          std::map<std::string, std::string>{{"example", zone_with_many()}});
    } catch (const std::runtime_error& error) {
      why_not = error.what();
    }
  }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override {
    // Here and not above: a test of a suite that could not be set up counts as skipped.
    ASSERT_NE(server, nullptr) << why_not;
    open({server->address()});
  }

  static List hosts_of(const MxAnswer& answer) {
    List list;
    for (const MxHost& mx : answer.hosts) {
      list.push_back(std::to_string(mx.preference) + " " + mx.host);
    }
    return list;
  }

  static inline std::unique_ptr<KnotServer> server;
  static inline std::string why_not;
};

TEST_F(KnotTest, OrdersMailExchangersByPreference) {
  const MxAnswer answer = mail_exchangers("several.example");
  EXPECT_EQ(answer.outcome, Outcome::Hosts) << answer.detail;
  EXPECT_FALSE(answer.implicit);
  EXPECT_EQ(hosts_of(answer), (List{"10 mx1.example", "20 mx2.example", "30 mx3.example"}));
}

TEST_F(KnotTest, EqualExchangersHaveOneOrder) {
  const List order = hosts_of(mail_exchangers("equal.example"));
  EXPECT_EQ(order.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(KnotTest, WithoutMxTheDomainIsItsOwnExchanger) {
  for (const std::string domain : {"a-only.example", "aaaa-only.example", "text-only.example"}) {
    const MxAnswer answer = mail_exchangers(domain);
    EXPECT_EQ(answer.outcome, Outcome::Hosts);
    EXPECT_TRUE(answer.implicit);
    EXPECT_EQ(hosts_of(answer), (List{"0 " + domain}));
  }
}

TEST_F(KnotTest, SeesTheNullMx) {
  EXPECT_EQ(mail_exchangers("null.example").outcome, Outcome::NullMx);
}

TEST_F(KnotTest, SeesThatANameDoesNotExist) {
  EXPECT_EQ(mail_exchangers("nobody.example").outcome, Outcome::NxDomain);
  EXPECT_EQ(addresses("nobody.example").status, Status::NxDomain);
}

TEST_F(KnotTest, AnAliasOfNothingDoesNotExist) {
  EXPECT_EQ(mail_exchangers("to-nothing.example").outcome, Outcome::NxDomain);
}

TEST_F(KnotTest, AZoneThatIsNotServedIsTemporary) {
  EXPECT_EQ(mail_exchangers("elsewhere.test").outcome, Outcome::Temporary);
}

TEST_F(KnotTest, FollowsAnAliasToTheMx) {
  EXPECT_EQ(hosts_of(mail_exchangers("alias.example")),
            (List{"10 mx1.example", "20 mx2.example", "30 mx3.example"}));
}

TEST_F(KnotTest, FollowsAChainOfAliases) {
  EXPECT_EQ(hosts_of(mail_exchangers("far.example")), (List{"10 mx1.example"}));
  EXPECT_EQ(text(addresses("far.example").addresses), (List{"192.0.2.30"}));
}

TEST_F(KnotTest, UnderstandsWildcards) {
  EXPECT_EQ(hosts_of(mail_exchangers("any.wild.example")), (List{"10 mx1.example"}));
}

TEST_F(KnotTest, AnExchangerThatIsAnAddressIsIgnored) {
  EXPECT_EQ(mail_exchangers("to-literal.example").outcome, Outcome::Unusable);
}

TEST_F(KnotTest, AsksOverTcpWhenTheAnswerDoesNotFit) {
  const MxAnswer answer = mail_exchangers("many.example");
  ASSERT_EQ(answer.outcome, Outcome::Hosts) << answer.detail;
  ASSERT_EQ(answer.hosts.size(), kMaxHosts);
  EXPECT_EQ(answer.hosts.front().preference, 100);
  EXPECT_EQ(answer.hosts.back().preference, 119);
}

TEST_F(KnotTest, FindsAddressesOfBothFamilies) {
  const AddressAnswer both = addresses("both.example");
  EXPECT_EQ(both.status, Status::Ok) << both.detail;
  ASSERT_EQ(both.addresses.size(), 3U);
  EXPECT_EQ(both.addresses[0].text(), "2001:db8::10");
  EXPECT_FALSE(both.addresses[1].is_v6());
  EXPECT_EQ(text(addresses("a-only.example").addresses), (List{"192.0.2.10"}));
  EXPECT_EQ(text(addresses("aaaa-only.example").addresses), (List{"2001:db8::10"}));
  EXPECT_EQ(addresses("text-only.example").status, Status::NoData);
}

TEST_F(KnotTest, AnswersHundredsOfQuestionsAtOnce) {
  std::vector<QueryHandle> queries;
  int answered = 0;
  for (int i = 0; i < 500; ++i) {
    queries.push_back(resolver_->mail_exchangers(
        "n" + std::to_string(i) + ".wild.example", [&](const MxAnswer& answer) {
          EXPECT_EQ(answer.outcome, Outcome::Hosts) << answer.detail;
          ++answered;
          check();
        }));
  }
  run_until([&] { return answered == 500; });
}

}  // namespace
}  // namespace signpost::dns
