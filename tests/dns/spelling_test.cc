#include "dns/spelling.h"

#include "tests/dns/packet.h"

#include <gtest/gtest.h>

#include <set>

namespace signpost::dns {
namespace {

using std::string_literals::operator""s;

const std::string kAllUpper(kSpellingOctets, '\xff');

std::vector<unsigned char> octets(const std::string& text) { return {text.begin(), text.end()}; }

// A query is a response without answers but for QR, which spell() and match() leave alone.
std::vector<unsigned char> query(std::string_view name, unsigned id = 77) {
  return octets(u16(id) + u16(0x0120) + u16(1) + u16(0) + u16(0) + u16(0) + wire_name(name) +
                u16(kTypeMx) + u16(1));
}
std::vector<unsigned char> response(std::string_view name, unsigned type = kTypeMx,
                                    unsigned id = 77) {
  return octets(Packet(name, type).id(id).bytes());
}

TEST(Spelling, GivesEveryLetterACaseAndNothingElse) {
  auto spelled = query("a-z_09.example");
  spell(spelled, kAllUpper);
  EXPECT_EQ(spelled, query("A-Z_09.EXAMPLE"));
  spell(spelled, std::string(kSpellingOctets, '\0'));
  EXPECT_EQ(spelled, query("a-z_09.example"));
  spell(spelled, "\x05"s + std::string(kSpellingOctets - 1, '\0'));
  EXPECT_EQ(spelled, query("A-z_09.Example"));
}

TEST(Spelling, SpellsTheLongestName) {
  const std::string label(63, 'x');
  auto spelled = query(label + '.' + label + '.' + label + '.' + std::string(61, 'x'));
  spell(spelled, kAllUpper);
  EXPECT_EQ(std::count(spelled.begin(), spelled.end(), 'X'), 63 * 3 + 61);
}

TEST(Spelling, AnAnswerRepeatsTheQuestion) {
  EXPECT_EQ(match(query("a.Example"), response("a.Example")), Match::Exact);
  EXPECT_EQ(match(query("a.Example"), response("a.example")), Match::OtherSpelling);
  EXPECT_EQ(match(query("a.Example"), response("A.Example")), Match::OtherSpelling);
}

TEST(Spelling, WhatAnswersSomethingElseDoesNotMatch) {
  const auto asked = query("a.example");
  EXPECT_EQ(match(asked, response("b.example")), Match::None);
  EXPECT_EQ(match(asked, response("a.example.org")), Match::None);
  EXPECT_EQ(match(asked, response("a.example", kTypeA)), Match::None);
  EXPECT_EQ(match(asked, response("a.example", kTypeMx, 78)), Match::None);
  auto of_another_class = response("a.example");
  of_another_class.back() = 3;
  EXPECT_EQ(match(asked, of_another_class), Match::None);
  auto without_question = response("a.example");
  without_question[5] = 0;
  EXPECT_EQ(match(asked, without_question), Match::None);
  EXPECT_EQ(match(asked, asked), Match::None) << "a query is not a response";
}

TEST(Spelling, WhatIsCutShortDoesNotMatch) {
  const auto asked = query("a.example");
  const auto whole = response("a.example");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(match(asked, Octets(whole).first(size)), Match::None) << size;
  }
}

TEST(Spelling, ReadsWhatTheHeaderSays) {
  auto seen = response("a.example");
  EXPECT_FALSE(is_truncated(seen));
  EXPECT_FALSE(says_failure(seen));
  seen[2] |= 0x02;
  EXPECT_TRUE(is_truncated(seen));
  for (const unsigned rcode : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 9U}) {
    seen[3] = static_cast<unsigned char>(0x80 | rcode);
    EXPECT_EQ(says_failure(seen), rcode == 2 || rcode == 4 || rcode == 5) << rcode;
    EXPECT_EQ(says_malformed_query(seen), rcode == 1) << rcode;
  }
}

}  // namespace
}  // namespace signpost::dns
