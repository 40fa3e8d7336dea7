#include "dkim/field_index.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::dkim {
namespace {

using message::HeaderSection;

TEST(FieldIndex, FindsTheLastInstanceFirst) {
  const auto header = HeaderSection::parse("To: 1\r\nFrom: a\r\nTO: 2\r\nX: y\r\nto: 3\r\n\r\n");
  const FieldIndex index(header);
  const auto found = index.find("tO").fields;
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]->value, " 3");
  EXPECT_EQ(found[1]->value, " 2");
  EXPECT_EQ(found[2]->value, " 1");
  EXPECT_EQ(index.count("From"), 1U);
  EXPECT_EQ(index.count("Fro"), 0U);
  EXPECT_EQ(index.count("Frog"), 0U);
  EXPECT_EQ(index.count(""), 0U);
}

TEST(FieldIndex, LeavesTheExcludedFieldOut) {
  const auto header = HeaderSection::parse("A: 1\r\nA: 2\r\nA: 3\r\n\r\n");
  const FieldIndex index(header, &header.fields()[1]);
  const auto found = index.find("a").fields;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0]->value, " 3");
  EXPECT_EQ(found[1]->value, " 1");
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
