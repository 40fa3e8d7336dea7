#include "dkim/field_index.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::dkim {
namespace {

using message::HeaderSection;

TEST(FieldIndex, FindsTheLastInstanceFirst) {
  const auto header = HeaderSection::parse("To: 1\r\nFrom: a\r\nTO: 2\r\nX: y\r\nto: 3\r\n\r\n");
  const FieldIndex index(header);
  const auto found = index.find("tO").entries;
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].field->value, " 3");
  EXPECT_EQ(found[1].field->value, " 2");
  EXPECT_EQ(found[2].field->value, " 1");
  EXPECT_EQ(index.count("From"), 1U);
  EXPECT_EQ(index.count("Fro"), 0U);
  EXPECT_EQ(index.count("Frog"), 0U);
  EXPECT_EQ(index.count(""), 0U);
}

TEST(FieldIndex, LeavesTheExcludedFieldOut) {
  const auto header = HeaderSection::parse("A: 1\r\nA: 2\r\nA: 3\r\n\r\n");
  const FieldIndex index(header, &header.fields()[1]);
  const auto found = index.find("a").entries;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].field->value, " 3");
  EXPECT_EQ(found[1].field->value, " 1");
}

TEST(FieldIndex, NamesThatDifferLateAreNotMixedUp) {
  const auto header = HeaderSection::parse(
      "Content-Type: 1\r\ncontent-tYPe: 2\r\nContent-Tybe: 3\r\nContent-Types: 4\r\n\r\n");
  const FieldIndex index(header);
  const auto found = index.find("CONTENT-TYPE").entries;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].field->value, " 2");
  EXPECT_EQ(found[1].field->value, " 1");
  EXPECT_EQ(index.count("Content-Tybe"), 1U);
  EXPECT_EQ(index.count("Content-Types"), 1U);
  EXPECT_EQ(index.count("Content-Typo"), 0U);
}

TEST(FieldIndex, LongNamesOfSeveralLengthsAreDistinguished) {
  const std::string long_name(300, 'x');
  const std::string text = long_name + ": 1\r\n" + long_name + "x: 2\r\n\r\n";
  const auto header = HeaderSection::parse(text);
  const FieldIndex index(header);
  const auto found = index.find(long_name + "X").entries;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].field->value, " 2");
  EXPECT_EQ(index.count(long_name), 1U);
  EXPECT_EQ(index.count(long_name + "xx"), 0U);
}

TEST(FieldIndex, EveryNameOfManyIsFound) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "X-" + std::to_string(i % 1'000) + ": y\r\n";
  text += "\r\n";
  const auto header = HeaderSection::parse(text);
  const FieldIndex index(header);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(index.count("x-" + std::to_string(i)), 3U) << i;
}

}  // namespace
}  // namespace signpost::dkim
