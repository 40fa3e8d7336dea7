#include "dns/views.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using std::chrono::seconds;

const net::IpAddress kV4 = *net::IpAddress::parse("192.0.2.1");
const net::IpAddress kV6 = *net::IpAddress::parse("2001:db8::1");

Answer found(const net::IpAddress& address, bool authenticated = false) {
  return {.status = Status::Ok,
          .authenticated = authenticated,
          .ttl = seconds(300),
          .records = Addresses{address}};
}

Answer without(Status status, const std::string& detail, bool authenticated = false) {
  return {.status = status, .authenticated = authenticated, .ttl = seconds(60), .detail = detail};
}

TEST(AddressView, PutsIpv6First) {
  const AddressAnswer view = address_answer(found(kV6), found(kV4));
  EXPECT_EQ(view.status, Status::Ok);
  EXPECT_EQ(view.addresses, (Addresses{kV6, kV4}));
}

TEST(AddressView, OneFamilyIsEnough) {
  for (const Status other : {Status::NoData, Status::NxDomain, Status::Temporary}) {
    const AddressAnswer only_v4 = address_answer(without(other, "x"), found(kV4));
    EXPECT_EQ(only_v4.status, Status::Ok);
    EXPECT_EQ(only_v4.addresses, (Addresses{kV4}));
    const AddressAnswer only_v6 = address_answer(found(kV6), without(other, "x"));
    EXPECT_EQ(only_v6.status, Status::Ok);
    EXPECT_EQ(only_v6.addresses, (Addresses{kV6}));
  }
}

TEST(AddressView, CombinesTwoNegativeAnswers) {
  struct Case {
    Status v6, v4, combined;
    std::string detail;
  };
  const Case cases[] = {
      {Status::NoData, Status::NoData, Status::NoData, "no address"},
      {Status::NoData, Status::NxDomain, Status::NoData, "no address"},
      {Status::NxDomain, Status::NoData, Status::NoData, "no address"},
      {Status::NxDomain, Status::NxDomain, Status::NxDomain, "of v4"},
      {Status::Temporary, Status::NoData, Status::Temporary, "of v6"},
      {Status::Temporary, Status::NxDomain, Status::Temporary, "of v6"},
      {Status::NoData, Status::Temporary, Status::Temporary, "of v4"},
      {Status::NxDomain, Status::Temporary, Status::Temporary, "of v4"},
      {Status::Temporary, Status::Temporary, Status::Temporary, "of v4"},
  };
  for (const Case& one : cases) {
    const AddressAnswer view = address_answer(without(one.v6, "of v6"), without(one.v4, "of v4"));
    EXPECT_EQ(view.status, one.combined);
    EXPECT_EQ(view.detail, one.detail);
    EXPECT_TRUE(view.addresses.empty());
  }
}

TEST(AddressView, AddressesAreAuthenticatedWhenTheirOwnAnswersAre) {
  EXPECT_TRUE(address_answer(found(kV6, true), found(kV4, true)).authenticated);
  EXPECT_FALSE(address_answer(found(kV6, true), found(kV4, false)).authenticated);
  EXPECT_FALSE(address_answer(found(kV6, false), found(kV4, true)).authenticated);
  EXPECT_TRUE(address_answer(without(Status::NoData, ""), found(kV4, true)).authenticated);
  EXPECT_FALSE(address_answer(without(Status::NoData, "", true), found(kV4)).authenticated);
  EXPECT_TRUE(address_answer(found(kV6, true), without(Status::Temporary, "")).authenticated);
}

TEST(AddressView, ThatThereAreNoneIsAuthenticatedWhenBothAnswersAre) {
  const Answer proven = without(Status::NxDomain, "", true);
  const Answer claimed = without(Status::NxDomain, "");
  EXPECT_TRUE(address_answer(proven, proven).authenticated);
  EXPECT_FALSE(address_answer(proven, claimed).authenticated);
  EXPECT_FALSE(address_answer(claimed, proven).authenticated);
}

TEST(AddressView, HoldsAsLongAsBothFamiliesDo) {
  EXPECT_EQ(address_answer(found(kV6), found(kV4)).ttl, seconds(300));
  EXPECT_EQ(address_answer(without(Status::NoData, ""), found(kV4)).ttl, seconds(60));
  EXPECT_EQ(address_answer(found(kV6), without(Status::Temporary, "")).ttl, seconds(60));
}

TEST(AddressView, KnowsTheNameThatTheAddressesAreOf) {
  const auto at = [](Answer answer, const std::string& canonical) {
    answer.canonical = canonical;
    return answer;
  };
  const Answer none = without(Status::NoData, "");
  EXPECT_EQ(address_answer(found(kV6), found(kV4)).canonical, "");
  EXPECT_EQ(address_answer(at(none, "b"), at(found(kV4), "b")).canonical, "b");
  EXPECT_EQ(address_answer(at(found(kV6), "b"), none).canonical, "b");
  EXPECT_EQ(address_answer(none, at(found(kV4), "b")).canonical, "b");
}

TEST(MxView, GivesTheHosts) {
  const MxAnswer view = mx_answer("a.example", {.status = Status::Ok,
                                                .authenticated = true,
                                                .ttl = seconds(300),
                                                .records = MxHosts{{20, "b"}, {10, "a"}}});
  EXPECT_EQ(view.outcome, MxAnswer::Outcome::Hosts);
  EXPECT_EQ(view.hosts, (MxHosts{{10, "a"}, {20, "b"}}));
  EXPECT_FALSE(view.implicit);
  EXPECT_TRUE(view.authenticated);
  EXPECT_EQ(view.ttl, seconds(300));
}

TEST(MxView, ANullMxKeepsItsAuthenticityAndTtl) {
  const MxAnswer view = mx_answer("a.example", {.status = Status::Ok,
                                                .authenticated = true,
                                                .ttl = seconds(300),
                                                .records = MxHosts{{0, ""}}});
  EXPECT_EQ(view.outcome, MxAnswer::Outcome::NullMx);
  EXPECT_TRUE(view.authenticated);
  EXPECT_EQ(view.ttl, seconds(300));
}

TEST(MxView, WithoutRecordsTheDomainIsItsOwnExchanger) {
  const MxAnswer view = mx_answer("A.Example.", without(Status::NoData, "no such record", true));
  EXPECT_EQ(view.outcome, MxAnswer::Outcome::Hosts);
  EXPECT_TRUE(view.implicit);
  EXPECT_EQ(view.hosts, (MxHosts{{0, "a.example"}}));
  EXPECT_TRUE(view.authenticated);
  EXPECT_EQ(view.ttl, seconds(60));
}

TEST(MxView, AFailureIsNeverTheDomainItself) {
  const std::pair<Status, MxAnswer::Outcome> cases[] = {
      {Status::NxDomain, MxAnswer::Outcome::NxDomain},
      {Status::Temporary, MxAnswer::Outcome::Temporary}};
  for (const auto& [status, outcome] : cases) {
    const MxAnswer view = mx_answer("a.example", without(status, "why"));
    EXPECT_EQ(view.outcome, outcome);
    EXPECT_TRUE(view.hosts.empty());
    EXPECT_FALSE(view.implicit);
    EXPECT_EQ(view.detail, "why");
    EXPECT_EQ(view.ttl, seconds(60));
  }
}

TEST(TextView, GivesTheTexts) {
  const TextAnswer view = text_answer({.status = Status::Ok,
                                       .authenticated = true,
                                       .ttl = seconds(300),
                                       .records = Texts{"one", "two"}});
  EXPECT_EQ(view.status, Status::Ok);
  EXPECT_EQ(view.texts, (Texts{"one", "two"}));
  EXPECT_TRUE(view.authenticated);
  EXPECT_EQ(view.ttl, seconds(300));
}

TEST(TlsaView, GivesTheRecordsOrWhyThereAreNone) {
  const net::TlsaRecord record{3, 1, 1, "hash"};
  const TlsaAnswer view =
      tlsa_answer({.status = Status::Ok, .authenticated = true, .records = Tlsas{record, record}});
  EXPECT_EQ(view.status, Status::Ok);
  EXPECT_EQ(view.records, (Tlsas{record, record}));
  EXPECT_TRUE(view.authenticated);
  const TlsaAnswer none = tlsa_answer(without(Status::Temporary, "SERVFAIL"));
  EXPECT_EQ(none.status, Status::Temporary);
  EXPECT_TRUE(none.records.empty());
  EXPECT_EQ(none.detail, "SERVFAIL");
}

TEST(AliasView, GivesTheTargetOrWhyThereIsNone) {
  const AliasAnswer view = alias_answer(
      {.status = Status::Ok, .authenticated = true, .records = Aliases{{"b.example"}}});
  EXPECT_EQ(view.target, "b.example");
  EXPECT_TRUE(view.authenticated);
  const AliasAnswer none = alias_answer(without(Status::NoData, "no such record", true));
  EXPECT_EQ(none.status, Status::NoData);
  EXPECT_EQ(none.target, "");
}

TEST(TextView, SaysWhyThereAreNone) {
  const TextAnswer view = text_answer(without(Status::Temporary, "timed out"));
  EXPECT_EQ(view.status, Status::Temporary);
  EXPECT_TRUE(view.texts.empty());
  EXPECT_EQ(view.detail, "timed out");
}

}  // namespace
}  // namespace signpost::dns
