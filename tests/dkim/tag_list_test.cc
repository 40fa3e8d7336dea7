#include "dkim/tag_list.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::dkim {
namespace {

TEST(TagList, SplitsTagsAndTrimsValues) {
  const auto tags = TagList::parse(" v=1; a = rsa-sha256 ;\r\n\tb=ab\r\n\t cd; x_1=; z==a=b;");
  ASSERT_TRUE(tags) << tags.error().detail;
  EXPECT_EQ(tags->tags().size(), 5U);
  EXPECT_EQ(tags->find("v"), "1");
  EXPECT_EQ(tags->find("a"), "rsa-sha256");
  EXPECT_EQ(tags->find("b"), "ab\r\n\t cd");
  EXPECT_EQ(tags->find("x_1"), "");
  EXPECT_EQ(tags->find("z"), "=a=b");
  EXPECT_EQ(tags->find("y"), std::nullopt);
}

TEST(TagList, NamesAreCaseSensitive) {
  const auto tags = TagList::parse("d=a; D=b");
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->find("d"), "a");
  EXPECT_EQ(tags->find("D"), "b");
}

TEST(TagList, TheLastSemicolonMayBeThereOrNot) {
  for (const char* text : {"a=1", "a=1;", "a=1; \t", "a=1;\r\n "}) {
    const auto tags = TagList::parse(text);
    ASSERT_TRUE(tags) << text;
    EXPECT_EQ(tags->tags().size(), 1U) << text;
    EXPECT_EQ(tags->find("a"), "1") << text;
  }
}

TEST(TagList, RefusesWhatIsNotAList) {
  for (const char* text :
       {"", " ", ";", "; a=1", "a=1;;", "a=1;;b=2", "a=1; ;b=2", "a", "a=1; b", "=1", "1a=1",
        "a b=1", "a-b=1", "_a=1", "\xC3\xA4=1", "a=1; a=2", "a=1; b=2; a=1"}) {
    EXPECT_FALSE(TagList::parse(text)) << text;
  }
}

TEST(TagList, IsBounded) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "t" + std::to_string(i) + "=1;";
  EXPECT_TRUE(TagList::parse(text));
  EXPECT_FALSE(TagList::parse(text + "u=1"));
}

TEST(WithoutWhiteSpace, DropsBlanksAndLineEnds) {
  EXPECT_EQ(without_white_space(" a b\tc\r\n d\n"), "abcd");
  EXPECT_EQ(without_white_space(""), "");
}

}  // namespace
}  // namespace signpost::dkim
