#include "dns/interpret.h"

#include "tests/dns/packet.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using std::chrono::seconds;
using std::string_literals::operator""s;

const std::string kOwner = pointer(Packet::kQuestionName);
constexpr RecordType kAllTypes[] = {RecordType::A, RecordType::Aaaa, RecordType::Mx,
                                    RecordType::Txt};

class InterpretTest : public ::testing::Test {
 protected:
  Answer interpret(const Packet& packet, RecordType type, bool believe_ad = true) const {
    return interpret(packet.bytes(), type, believe_ad);
  }
  Answer interpret(const std::string& bytes, RecordType type, bool believe_ad = true) const {
    return dns::interpret({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                          type, options_, believe_ad);
  }
  static Packet with_address(std::uint32_t ttl) {
    return Packet("a.example", kTypeA).answer(kOwner, kTypeA, ttl, "\xc0\x00\x02\x01"s);
  }

  ResolverOptions options_{
      .max_ttl = seconds(1000), .max_negative_ttl = seconds(500), .temporary_ttl = seconds(7)};
};

TEST_F(InterpretTest, GivesTheRecordsAndTheirTtl) {
  const Answer answer = interpret(with_address(300), RecordType::A);
  EXPECT_EQ(answer.status, Status::Ok);
  EXPECT_EQ(answer.ttl, seconds(300));
  EXPECT_EQ(answer.detail, "");
  EXPECT_EQ(records_of<Addresses>(answer), (Addresses{*net::IpAddress::parse("192.0.2.1")}));
  EXPECT_TRUE(records_of<MxHosts>(answer).empty());
  EXPECT_TRUE(records_of<Texts>(answer).empty());
}

TEST_F(InterpretTest, TakesTheSmallestTtlOfTheChain) {
  const Packet packet = Packet("a.example", kTypeA)
                            .answer(kOwner, kTypeCname, 40, wire_name("b.example"))
                            .answer(wire_name("b.example"), kTypeA, 60, "\1\2\3\4"s)
                            .answer(wire_name("b.example"), kTypeA, 50, "\1\2\3\5"s);
  EXPECT_EQ(interpret(packet, RecordType::A).ttl, seconds(40));
}

TEST_F(InterpretTest, BoundsTheTtl) {
  EXPECT_EQ(interpret(with_address(90'000), RecordType::A).ttl, seconds(1000));
  const Packet no = Packet("a.example", kTypeA).rcode(3).soa(9000, 9000);
  EXPECT_EQ(interpret(no, RecordType::A).ttl, seconds(500));
}

TEST_F(InterpretTest, BelievesTheAdBitOnlyWhenItMay) {
  for (const bool believe : {false, true}) {
    for (const bool flag : {false, true}) {
      const unsigned bits = flag ? kFlagAd : 0;
      SCOPED_TRACE(testing::Message() << "believe " << believe << ", flag " << flag);
      EXPECT_EQ(interpret(with_address(60).flag(bits), RecordType::A, believe).authenticated,
                believe && flag);
      Packet no_data("a.example", kTypeA);
      EXPECT_EQ(interpret(no_data.flag(bits).soa(60, 60), RecordType::A, believe).authenticated,
                believe && flag);
      Packet no_name("a.example", kTypeA);
      EXPECT_EQ(
          interpret(no_name.flag(bits).rcode(3).soa(60, 60), RecordType::A, believe).authenticated,
          believe && flag);
    }
  }
}

TEST_F(InterpretTest, AFailureIsTemporaryAndNeverAuthenticated) {
  const Packet servfail = Packet("a.example", kTypeA).rcode(2).flag(kFlagAd);
  const Packet cut = with_address(60).flag(0x200 | kFlagAd);
  const Packet broken = Packet("a.example", kTypeA).answer(kOwner, kTypeA, 60, "\1"s).flag(kFlagAd);
  const Packet circle = Packet("a.example", kTypeA).answer(kOwner, kTypeCname, 60, kOwner);
  const std::pair<const Packet*, std::string> cases[] = {
      {&servfail, "answer with rcode 2"},
      {&cut, "truncated answer"},
      {&broken, "an answer with a malformed record"},
      {&circle, "the CNAME records lead in a circle, or are too many"}};
  for (const auto& [packet, detail] : cases) {
    const Answer answer = interpret(*packet, RecordType::A);
    EXPECT_EQ(answer.status, Status::Temporary);
    EXPECT_EQ(answer.detail, detail);
    EXPECT_EQ(answer.ttl, seconds(7));
    EXPECT_FALSE(answer.authenticated) << detail;
    EXPECT_TRUE(std::holds_alternative<std::monostate>(answer.records)) << detail;
  }
}

TEST_F(InterpretTest, DistinguishesNoDataFromNoName) {
  const Answer no_data = interpret(Packet("a.example", kTypeA).soa(60, 30), RecordType::A);
  EXPECT_EQ(no_data.status, Status::NoData);
  EXPECT_EQ(no_data.ttl, seconds(30));
  const Answer no_name = interpret(Packet("a.example", kTypeA).rcode(3).soa(20, 30), RecordType::A);
  EXPECT_EQ(no_name.status, Status::NxDomain);
  EXPECT_EQ(no_name.ttl, seconds(20));
}

TEST_F(InterpretTest, WithoutAnSoaNoHoldsAsShortAsAFailure) {
  EXPECT_EQ(interpret(Packet("a.example", kTypeA), RecordType::A).ttl, seconds(7));
}

TEST_F(InterpretTest, KeepsTheMostPreferredOfManyMxRecords) {
  Packet packet("a.example", kTypeMx);
  for (unsigned i = 100; i > 0; --i) {
    packet.answer(kOwner, kTypeMx, 60, u16(i) + wire_name("m" + std::to_string(i)));
  }
  const Answer answer = interpret(packet, RecordType::Mx);
  const MxHosts& hosts = records_of<MxHosts>(answer);
  ASSERT_EQ(hosts.size(), kMaxMxRecords);
  EXPECT_EQ(hosts.front().preference, 1);
  EXPECT_EQ(hosts.back().preference, 64);
}

TEST_F(InterpretTest, BoundsAddressesAndTexts) {
  Packet addresses("a.example", kTypeA);
  Packet texts("a.example", kTypeTxt);
  for (int i = 0; i < 60; ++i) {
    addresses.answer(kOwner, kTypeA, 60, "\xc0\x00\x02"s + static_cast<char>(i));
    texts.answer(kOwner, kTypeTxt, 60, "\1x"s);
  }
  EXPECT_EQ(records_of<Addresses>(interpret(addresses, RecordType::A)).size(), kMaxAddresses);
  EXPECT_EQ(records_of<Texts>(interpret(texts, RecordType::Txt)).size(), kMaxTexts);
}

TEST_F(InterpretTest, AnAddressIsItsOwnAnswerInItsFamily) {
  const auto v4 = known_answer({RecordType::A, "192.0.2.7"}, options_);
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->status, Status::Ok);
  EXPECT_EQ(v4->ttl, seconds(1000));
  EXPECT_FALSE(v4->authenticated);
  EXPECT_EQ(records_of<Addresses>(*v4), (Addresses{*net::IpAddress::parse("192.0.2.7")}));
  EXPECT_EQ(known_answer({RecordType::Aaaa, "192.0.2.7"}, options_)->status, Status::NoData);
  const auto v6 = known_answer({RecordType::Aaaa, "2001:db8::7"}, options_);
  ASSERT_TRUE(v6);
  EXPECT_EQ(records_of<Addresses>(*v6), (Addresses{*net::IpAddress::parse("2001:db8::7")}));
}

TEST_F(InterpretTest, LocalhostIsTheLoopback) {
  for (const std::string name : {"localhost", "LOCALHOST.", "a.localhost"}) {
    const auto v4 = known_answer({RecordType::A, name}, options_);
    ASSERT_TRUE(v4) << name;
    EXPECT_EQ(records_of<Addresses>(*v4), (Addresses{*net::IpAddress::parse("127.0.0.1")}));
  }
  EXPECT_FALSE(known_answer({RecordType::Mx, "localhost"}, options_));
}

TEST_F(InterpretTest, WhatIsNotANameDoesNotExist) {
  for (const RecordType type : kAllTypes) {
    const auto answer = known_answer({type, "a b.example"}, options_);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, Status::NxDomain);
    EXPECT_EQ(answer->detail, "not a valid name");
    EXPECT_FALSE(known_answer({type, "a.example"}, options_));
  }
}

TEST(TrustAd, AutoWantsAllServersOnLoopback) {
  const auto servers = [](const std::vector<std::string>& texts) {
    std::vector<net::SocketAddress> list;
    for (const std::string& text : texts) list.push_back(*net::SocketAddress::parse(text));
    return list;
  };
  EXPECT_TRUE(believes_ad(TrustAd::Auto, servers({"127.0.0.1:53"})));
  EXPECT_TRUE(believes_ad(TrustAd::Auto, servers({"127.0.0.53:53", "[::1]:5353"})));
  EXPECT_FALSE(believes_ad(TrustAd::Auto, servers({"127.0.0.1:53", "192.0.2.1:53"})));
  EXPECT_FALSE(believes_ad(TrustAd::Auto, servers({"[2001:db8::1]:53"})));
  EXPECT_FALSE(believes_ad(TrustAd::Auto, {}));
  EXPECT_TRUE(believes_ad(TrustAd::Always, servers({"192.0.2.1:53"})));
  EXPECT_FALSE(believes_ad(TrustAd::Never, servers({"127.0.0.1:53"})));
}

}  // namespace
}  // namespace signpost::dns
