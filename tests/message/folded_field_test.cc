#include "message/folded_field.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::message {
namespace {

TEST(FoldedField, KeepsAShortFieldOnOneLine) {
  EXPECT_EQ(FoldedField("A").word("b").word("c").finish(), "A: b c\r\n");
}

TEST(FoldedField, FoldsBeforeTheWordThatWouldPassTheWidth) {
  const std::string word(36, 'x');
  // "A: " + 36 + " " + 37 is exactly the width.
  EXPECT_EQ(FoldedField("A").word(word).word(word + "y").finish(),
            "A: " + word + " " + word + "y\r\n");
  EXPECT_EQ(FoldedField("A").word(word).word(word + "yz").finish(),
            "A: " + word + "\r\n " + word + "yz\r\n");
}

TEST(FoldedField, NeverLeavesTheFirstLineEmpty) {
  const std::string word(200, 'x');
  EXPECT_EQ(FoldedField("A").new_line().word(word).word("b").finish(), "A: " + word + "\r\n b\r\n");
}

TEST(FoldedField, SplitsTextIntoWords) {
  EXPECT_EQ(FoldedField("A").text("  b \t c  ").finish(), "A: b c\r\n");
  EXPECT_EQ(FoldedField("A").text("").finish(), "A:\r\n");
}

TEST(FoldedField, BreaksLinesOnRequest) {
  EXPECT_EQ(FoldedField("A").word("b").attach(";").new_line().word("c").finish(),
            "A: b;\r\n c\r\n");
}

}  // namespace
}  // namespace signpost::message
