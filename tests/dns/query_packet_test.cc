#include "dns/query_packet.h"

#include "tests/dns/packet.h"

#include <gtest/gtest.h>

namespace signpost::dns {
namespace {

std::string text(const std::vector<unsigned char>& octets) {
  return {octets.begin(), octets.end()};
}

TEST(QueryPacket, AsksForRecursionValidationAndLargeAnswers) {
  const auto query = make_query({RecordType::Mx, "a.example"}, 0x1234);
  ASSERT_TRUE(query) << query.error().detail;
  const std::string opt = std::string(1, '\0') + u16(41) + u16(1232) + u32(0) + u16(0);
  EXPECT_EQ(text(*query), u16(0x1234) + u16(0x0120) + u16(1) + u16(0) + u16(0) + u16(1) +
                              wire_name("a.example") + u16(kTypeMx) + u16(1) + opt);
}

TEST(QueryPacket, IsAQueryWithoutEdnsToo) {
  const auto query = make_query({RecordType::A, "a.example"}, 1).value();
  EXPECT_EQ(text(without_edns(query)), u16(1) + u16(0x0120) + u16(1) + u16(0) + u16(0) + u16(0) +
                                           wire_name("a.example") + u16(kTypeA) + u16(1));
  EXPECT_EQ(without_edns(without_edns(query)), without_edns(query));
}

}  // namespace
}  // namespace signpost::dns
