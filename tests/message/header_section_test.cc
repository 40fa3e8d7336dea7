#include "message/header_section.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

TEST(HeaderSection, SplitsFieldsAtTheBlankLine) {
  const std::string content = "From: a@example.com\r\nSubject:hello\r\n\r\nbody\r\n";
  const HeaderSection section = HeaderSection::parse(content);
  ASSERT_EQ(section.fields().size(), 2U);
  EXPECT_EQ(section.fields()[0].raw, "From: a@example.com\r\n");
  EXPECT_EQ(section.fields()[0].name, "From");
  EXPECT_EQ(section.fields()[0].value, " a@example.com");
  EXPECT_EQ(section.fields()[1].value, "hello");
  EXPECT_EQ(section.text(), "From: a@example.com\r\nSubject:hello\r\n");
  EXPECT_EQ(section.body(), "body\r\n");
  EXPECT_FALSE(section.malformed());
}

TEST(HeaderSection, KeepsFoldsInTheField) {
  const HeaderSection section = HeaderSection::parse("Subject: a\r\n b\r\n\tc\r\nTo: x@y\r\n\r\n");
  ASSERT_EQ(section.fields().size(), 2U);
  EXPECT_EQ(section.fields()[0].raw, "Subject: a\r\n b\r\n\tc\r\n");
  EXPECT_EQ(section.fields()[0].value, " a\r\n b\r\n\tc");
  EXPECT_EQ(unfold(section.fields()[0].value), "a b\tc");
}

TEST(HeaderSection, ALineOfBlanksIsAFoldAndNotABlankLine) {
  const HeaderSection section = HeaderSection::parse("A: 1\r\n \r\nB: 2\r\n\r\nbody");
  ASSERT_EQ(section.fields().size(), 2U);
  EXPECT_EQ(section.fields()[0].raw, "A: 1\r\n \r\n");
  EXPECT_EQ(section.body(), "body");
}

TEST(HeaderSection, ViewsPointIntoTheContent) {
  const std::string content = "A: 1\r\n\r\nbody";
  const HeaderSection section = HeaderSection::parse(content);
  EXPECT_EQ(section.fields()[0].raw.data(), content.data());
  EXPECT_EQ(section.body().data(), content.data() + 8);
}

TEST(HeaderSection, BlanksBeforeTheColonAreNotPartOfTheName) {
  const HeaderSection section = HeaderSection::parse("Subject \t: x\r\n\r\n");
  ASSERT_EQ(section.fields().size(), 1U);
  EXPECT_EQ(section.fields()[0].name, "Subject");
  EXPECT_EQ(section.fields()[0].value, " x");
  EXPECT_NE(section.first("SUBJECT"), nullptr);
}

TEST(HeaderSection, CountsAndFindsWithoutRegardToCase) {
  const HeaderSection section = HeaderSection::parse("To: 1\r\nTO: 2\r\nX-To: 3\r\n\r\n");
  EXPECT_EQ(section.count("to"), 2U);
  EXPECT_EQ(section.first("tO")->value, " 1");
  EXPECT_EQ(section.first("From"), nullptr);
  EXPECT_EQ(section.count("From"), 0U);
}

TEST(HeaderSection, EndsAtTheEndOfTheContent) {
  const HeaderSection section = HeaderSection::parse("A: 1\r\nB: 2");
  ASSERT_EQ(section.fields().size(), 2U);
  EXPECT_EQ(section.fields()[1].raw, "B: 2");
  EXPECT_EQ(section.fields()[1].value, " 2");
  EXPECT_TRUE(section.body().empty());
  EXPECT_FALSE(section.malformed());
}

TEST(HeaderSection, NoFieldsBeforeABlankLine) {
  const HeaderSection section = HeaderSection::parse("\r\nA: 1\r\n");
  EXPECT_TRUE(section.fields().empty());
  EXPECT_EQ(section.body(), "A: 1\r\n");
  EXPECT_FALSE(section.malformed());
  EXPECT_TRUE(HeaderSection::parse("").fields().empty());
}

TEST(HeaderSection, ALineThatIsNotAFieldEndsTheSection) {
  for (const std::string_view line :
       {"no field here", "Two Words: x", ": no name", "\x80name: x", "Colon less", "ctl\x01: x"}) {
    const std::string content = "A: 1\r\n" + std::string(line) + "\r\nB: 2\r\n\r\n";
    const HeaderSection section = HeaderSection::parse(content);
    EXPECT_TRUE(section.malformed()) << line;
    EXPECT_EQ(section.fields().size(), 1U) << line;
    EXPECT_EQ(section.text(), "A: 1\r\n") << line;
    EXPECT_TRUE(section.body().starts_with(line)) << line;
  }
}

TEST(HeaderSection, AFoldWithoutAFieldIsMalformed) {
  const HeaderSection section = HeaderSection::parse(" folded\r\nA: 1\r\n\r\n");
  EXPECT_TRUE(section.malformed());
  EXPECT_TRUE(section.fields().empty());
  EXPECT_EQ(section.body(), " folded\r\nA: 1\r\n\r\n");
}

TEST(HeaderSection, ABareLineFeedEndsNoLine) {
  const HeaderSection section = HeaderSection::parse("A: 1\nB: 2\r\n\r\n");
  ASSERT_EQ(section.fields().size(), 1U);
  EXPECT_EQ(section.fields()[0].value, " 1\nB: 2");
}

TEST(HeaderSection, TakesManyFieldsAndALongOne) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "X: y\r\n";
  content += "Long: " + std::string(200'000, 'x') + "\r\n\r\n";
  const HeaderSection section = HeaderSection::parse(content);
  EXPECT_EQ(section.fields().size(), 20'001U);
  EXPECT_EQ(section.fields().back().value.size(), 200'001U);
}

TEST(Unfold, RemovesLineEndsOnly) {
  EXPECT_EQ(unfold(" a\r\n b \r\n\tc\r\n"), "a b \tc");
  EXPECT_EQ(unfold("\r\n a"), "a");
  EXPECT_EQ(unfold(" \r\n "), "");
  EXPECT_EQ(unfold(""), "");
}

}  // namespace
}  // namespace signpost::message
