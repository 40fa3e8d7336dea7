#include "dns/response.h"

#include "tests/dns/packet.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

using std::string_literals::operator""s;

std::expected<Response, ResponseError> parse(const std::string& bytes, unsigned type) {
  return parse_response({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                        static_cast<RecordType>(type));
}

ResponseError error_of(const std::string& bytes, unsigned type) {
  const auto response = parse(bytes, type);
  EXPECT_FALSE(response);
  return response ? ResponseError{} : response.error();
}

std::vector<std::string> mx_of(const Response& response) {
  std::vector<std::string> list;
  for (const MxHost& mx : std::get<MxHosts>(response.records)) {
    list.push_back(std::to_string(mx.preference) + " " + mx.host);
  }
  return list;
}

std::vector<std::string> addresses_of(const Response& response) {
  std::vector<std::string> list;
  for (const net::IpAddress& address : std::get<Addresses>(response.records)) {
    list.push_back(address.text());
  }
  return list;
}

const std::string kOwner = pointer(Packet::kQuestionName);
using List = std::vector<std::string>;

TEST(Response, ReadsMailExchangers) {
  const auto response =
      parse(Packet("Example.COM", kTypeMx)
                .answer(kOwner, kTypeMx, 300, u16(10) + wire_name("MX1.example.com"))
                .answer(kOwner, kTypeMx, 200, u16(20) + "\3mx2" + kOwner)  // compressed
                .bytes(),
            kTypeMx);
  ASSERT_TRUE(response);
  EXPECT_EQ(mx_of(*response), (List{"10 mx1.example.com", "20 mx2.example.com"}));
  EXPECT_EQ(response->ttl, 200U);
  EXPECT_EQ(response->rcode, 0);
  EXPECT_FALSE(response->truncated);
  EXPECT_FALSE(response->authenticated);
}

TEST(Response, ReadsTheNullMx) {
  const auto response =
      parse(Packet("a.example", kTypeMx).answer(kOwner, kTypeMx, 1, u16(0) + wire_name("")).bytes(),
            kTypeMx);
  ASSERT_TRUE(response);
  EXPECT_EQ(mx_of(*response), (List{"0 "}));
}

TEST(Response, ReadsAddresses) {
  const auto v4 = parse(
      Packet("a.example", kTypeA).answer(kOwner, kTypeA, 60, "\xc0\x00\x02\x01"s).bytes(), kTypeA);
  ASSERT_TRUE(v4);
  EXPECT_EQ(addresses_of(*v4), (List{"192.0.2.1"}));
  const std::string octets = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01";
  const auto v6 = parse(
      Packet("a.example", kTypeAaaa).answer(kOwner, kTypeAaaa, 60, octets).bytes(), kTypeAaaa);
  ASSERT_TRUE(v6);
  EXPECT_EQ(addresses_of(*v6), (List{"2001:db8::1"}));
}

TEST(Response, JoinsTheStringsOfAText) {
  const auto response =
      parse(Packet("a.example", kTypeTxt).answer(kOwner, kTypeTxt, 60, "\5v=DKI\0\2M1"s).bytes(),
            kTypeTxt);
  ASSERT_TRUE(response);
  EXPECT_EQ(std::get<Texts>(response->records), (List{"v=DKIM1"}));
}

TEST(Response, ReadsTlsaRecordsWhateverTheirFieldsSay) {
  const auto response = parse(Packet("_25._tcp.a.example", kTypeTlsa)
                                  .answer(kOwner, kTypeTlsa, 60, "\3\1\1"s + std::string(32, '\7'))
                                  .answer(kOwner, kTypeTlsa, 50, "\377\376\375\0x"s)
                                  .answer(kOwner, kTypeTlsa, 70, "\2\0\1"s)
                                  .bytes(),
                              kTypeTlsa);
  ASSERT_TRUE(response);
  EXPECT_EQ(std::get<Tlsas>(response->records),
            (Tlsas{{3, 1, 1, std::string(32, '\7')}, {255, 254, 253, "\0x"s}, {2, 0, 1, ""}}));
  EXPECT_EQ(response->ttl, 50U);
}

TEST(Response, SaysWhereAChainOfAliasesEnds) {
  const auto at_the_end = parse(Packet("a.example", kTypeA)
                                    .answer(kOwner, kTypeCname, 50, wire_name("B.example"))
                                    .answer(wire_name("b.example"), kTypeA, 300, "\1\2\3\4")
                                    .bytes(),
                                kTypeA);
  ASSERT_TRUE(at_the_end);
  EXPECT_EQ(at_the_end->canonical, "b.example");
  const auto itself =
      parse(Packet("a.example", kTypeA).answer(kOwner, kTypeA, 60, "\1\2\3\4").bytes(), kTypeA);
  ASSERT_TRUE(itself);
  EXPECT_EQ(itself->canonical, "");
}

TEST(Response, AnAliasThatIsAskedForIsNotFollowed) {
  const auto response = parse(Packet("a.example", kTypeCname)
                                  .answer(kOwner, kTypeCname, 50, wire_name("B.example"))
                                  .answer(wire_name("b.example"), kTypeCname, 20, wire_name("c"))
                                  .bytes(),
                              kTypeCname);
  ASSERT_TRUE(response);
  EXPECT_EQ(std::get<Aliases>(response->records), (Aliases{{"b.example"}}));
  EXPECT_EQ(response->ttl, 50U);
  EXPECT_EQ(response->canonical, "");
}

TEST(Response, FollowsAliasesAndKeepsTheSmallestTtl) {
  const auto response =
      parse(Packet("a.example", kTypeA)
                .answer(wire_name("c.example"), kTypeA, 300, "\1\2\3\4")
                .answer(kOwner, kTypeCname, 50, wire_name("b.example"))
                .answer(wire_name("B.example"), kTypeCname, 70, wire_name("C.example"))
                .bytes(),
            kTypeA);
  ASSERT_TRUE(response);
  EXPECT_EQ(addresses_of(*response), (List{"1.2.3.4"}));
  EXPECT_EQ(response->ttl, 50U);
}

TEST(Response, TakesNothingThatIsNotAtTheEndOfTheChain) {
  const auto response = parse(Packet("a.example", kTypeA)
                                  .answer(wire_name("evil.example"), kTypeA, 300, "\1\2\3\4")
                                  .answer(kOwner, kTypeA, 300, "\5\6\7\10")
                                  .answer(kOwner, kTypeA, 300, "\1\1\1\1", 3)  // another class
                                  .answer(kOwner, kTypeMx, 300, u16(1) + wire_name("x.example"))
                                  .bytes(),
                              kTypeA);
  ASSERT_TRUE(response);
  EXPECT_EQ(addresses_of(*response), (List{"5.6.7.8"}));
}

TEST(Response, ALabelWithADotIsNotTwoLabels) {
  Packet packet("a.example", kTypeMx);
  packet.answer(kOwner, kTypeMx, 1, u16(1) + "\3a.b\7example\0"s);
  const auto response = parse(packet.bytes(), kTypeMx);
  ASSERT_TRUE(response);
  EXPECT_EQ(mx_of(*response), (List{"1 a\\046b.example"}));
}

TEST(Response, KeepsTheNegativeTtlOfTheZone) {
  const auto no_data = parse(Packet("a.example", kTypeMx).soa(900, 300).bytes(), kTypeMx);
  ASSERT_TRUE(no_data);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(no_data->records));
  EXPECT_EQ(no_data->negative_ttl, 300U);
  const auto no_name = parse(Packet("a.example", kTypeMx).rcode(3).soa(60, 300).bytes(), kTypeMx);
  ASSERT_TRUE(no_name);
  EXPECT_EQ(no_name->rcode, 3);
  EXPECT_EQ(no_name->negative_ttl, 60U);
  EXPECT_EQ(parse(Packet("a.example", kTypeMx).bytes(), kTypeMx)->negative_ttl, 0U);
}

TEST(Response, TheSoaOfAnotherZoneDoesNotSayHowLongNoHolds) {
  const auto ttl = [](const std::string& zone, const std::string& name) {
    const std::string soa =
        wire_name("ns") + wire_name("admin") + u32(1) + u32(2) + u32(3) + u32(4) + u32(500);
    const auto response =
        parse(Packet(name, kTypeMx).authority(wire_name(zone), 6, 600, soa).bytes(), kTypeMx);
    return response ? response->negative_ttl : 1;
  };
  EXPECT_EQ(ttl("a.example", "a.example"), 500U);
  EXPECT_EQ(ttl("example", "a.example"), 500U);
  EXPECT_EQ(ttl("", "a.example"), 500U);
  EXPECT_EQ(ttl("b.example", "a.example"), 0U);
  EXPECT_EQ(ttl("xample", "a.example"), 0U);
  EXPECT_EQ(ttl("b.a.example", "a.example"), 0U);
}

TEST(Response, TakesNothingFromTheAuthoritySection) {
  const auto response = parse(Packet("a.example", kTypeMx)
                                  .authority(kOwner, kTypeMx, 300, u16(10) + wire_name("mx.evil"))
                                  .authority(kOwner, kTypeCname, 300, wire_name("evil"))
                                  .bytes(),
                              kTypeMx);
  ASSERT_TRUE(response);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(response->records));
}

TEST(Response, SeesTheFlags) {
  const auto response = parse(Packet("a.example", kTypeA).flag(0x220).rcode(2).bytes(), kTypeA);
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->truncated);
  EXPECT_TRUE(response->authenticated);
  EXPECT_EQ(response->rcode, 2);
}

TEST(Response, ReadsAnErrorWithoutItsQuestion) {
  const auto response = parse(u16(1) + u16(0x8181) + std::string(8, '\0'), kTypeA);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->rcode, 1);
}

TEST(Response, ATtlWithTheTopBitIsZero) {
  const auto response = parse(
      Packet("a.example", kTypeA).answer(kOwner, kTypeA, 0x80000001, "\1\2\3\4").bytes(), kTypeA);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->ttl, 0U);
}

TEST(Response, EndsAtEveryCut) {
  const std::string whole = Packet("a.example", kTypeMx)
                                .answer(kOwner, kTypeMx, 300, u16(10) + wire_name("mx.example"))
                                .soa(1, 1)
                                .bytes();
  ASSERT_TRUE(parse(whole, kTypeMx));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size), kTypeMx)) << size;
  }
}

TEST(Response, RefusesPointersThatDoNotPointBack) {
  Packet packet("a.example", kTypeA);
  const auto here = static_cast<unsigned>(packet.size());
  for (const unsigned target : {here, here + 2, 0x3fffU}) {
    Packet looped("a.example", kTypeA);
    EXPECT_EQ(error_of(looped.answer(pointer(target), kTypeA, 1, "\1\2\3\4").bytes(), kTypeA),
              ResponseError::BadName)
        << target;
  }
}

TEST(Response, RefusesANameThatEndsInItself) {
  Packet packet("a.example", kTypeA);
  const auto first = static_cast<unsigned>(packet.size());
  packet.answer("\1x" + pointer(first), kTypeA, 1, "\1\2\3\4");
  EXPECT_EQ(error_of(packet.bytes(), kTypeA), ResponseError::BadName);
}

TEST(Response, RefusesNamesThatAreTooLong) {
  std::string name;
  for (int i = 0; i < 5; ++i) name += '\x3f' + std::string(63, 'a');
  EXPECT_EQ(error_of(Packet("a.example", kTypeA).answer(name + '\0', kTypeA, 1, "\1\2\3\4").bytes(),
                     kTypeA),
            ResponseError::BadName);
  EXPECT_EQ(error_of(Packet("a.example", kTypeA).answer("\x41z\0"s, kTypeA, 1, "\1\2\3\4").bytes(),
                     kTypeA),
            ResponseError::BadName)
      << "a label of an unknown kind";
}

TEST(Response, RefusesRecordsOfTheWrongSize) {
  EXPECT_EQ(
      error_of(Packet("a.example", kTypeA).answer(kOwner, kTypeA, 1, "\1\2\3").bytes(), kTypeA),
      ResponseError::BadRecord);
  EXPECT_EQ(
      error_of(Packet("a.example", kTypeAaaa).answer(kOwner, kTypeAaaa, 1, "\1\2\3\4").bytes(),
               kTypeAaaa),
      ResponseError::BadRecord);
  for (const std::string& data :
       {u16(1).substr(0, 1), u16(1), u16(1) + "\3mx", u16(1) + wire_name("mx.example") + "x"}) {
    EXPECT_EQ(error_of(Packet("a.example", kTypeMx)
                           .answer(kOwner, kTypeMx, 1, data)
                           .answer(kOwner, kTypeMx, 1, u16(1) + wire_name("mx.example"))
                           .bytes(),
                       kTypeMx),
              ResponseError::BadRecord);
  }
  EXPECT_EQ(error_of(Packet("a.example", kTypeTxt).answer(kOwner, kTypeTxt, 1, "\5abc").bytes(),
                     kTypeTxt),
            ResponseError::BadRecord);
  EXPECT_EQ(error_of(Packet("a.example", kTypeTlsa).answer(kOwner, kTypeTlsa, 1, "\3\1").bytes(),
                     kTypeTlsa),
            ResponseError::BadRecord);
  EXPECT_EQ(error_of(Packet("a.example", kTypeCname)
                         .answer(kOwner, kTypeCname, 1, wire_name("b.example") + "x")
                         .bytes(),
                     kTypeCname),
            ResponseError::BadRecord);
}

TEST(Response, RefusesAliasLoops) {
  EXPECT_EQ(error_of(Packet("a.example", kTypeA)
                         .answer(kOwner, kTypeCname, 1, wire_name("b.example"))
                         .answer(wire_name("b.example"), kTypeCname, 1, wire_name("a.example"))
                         .bytes(),
                     kTypeA),
            ResponseError::CnameLoop);
  EXPECT_EQ(
      error_of(Packet("a.example", kTypeA).answer(kOwner, kTypeCname, 1, kOwner).bytes(), kTypeA),
      ResponseError::CnameLoop);
}

TEST(Response, RefusesAChainWithoutEnd) {
  Packet packet("n0.example", kTypeA);
  for (int i = 0; i < 40; ++i) {
    packet.answer(wire_name("n" + std::to_string(i) + ".example"), kTypeCname, 1,
                  wire_name("n" + std::to_string(i + 1) + ".example"));
  }
  EXPECT_EQ(error_of(packet.bytes(), kTypeA), ResponseError::CnameLoop);
}

TEST(Response, RefusesSeveralQuestions) {
  std::string bytes = Packet("a.example", kTypeA).answer(kOwner, kTypeA, 1, "\1\2\3\4").bytes();
  bytes[5] = 2;
  EXPECT_FALSE(parse(bytes, kTypeA));
}

}  // namespace
}  // namespace signpost::dns
