#include "message/encoded_word.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace signpost::message {
namespace {

TEST(EncodedWord, IsRecognisedAtTheStartOnly) {
  EXPECT_EQ(encoded_word_length("=?utf-8?Q?a_b?= c"), 15U);
  EXPECT_EQ(encoded_word_length("=?utf-8*de?b?YQ==?="), 19U);
  EXPECT_EQ(encoded_word_length("=?utf-8?Q?a b?=,"), 15U);
  EXPECT_EQ(encoded_word_length("=?utf-8?Q?"
                                "?="),
            12U);
  for (const std::string_view text :
       {"", "=?", "=?utf-8", "=?utf-8?", "=?utf-8?Q", "=?utf-8?Q?", "=?utf-8?Q?a?",
        "=?utf-8?Q?a?b?=", "=?utf-8?X?a?=", "=?utf-8?B?%?=", "=??Q?a?=", "=?a b?Q?a?=",
        "=?utf-8?Q?\x80?=", " =?utf-8?Q?a?="}) {
    EXPECT_EQ(encoded_word_length(text), 0U) << text;
  }
}

TEST(EncodedWord, HoldsNothingThatAPhraseMayNot) {
  EXPECT_EQ(phrase_safe("=?utf-8?Q?a,b:=C3=BC c?="), "=?utf-8?Q?a=2Cb=3A=C3=BC=20c?=");
  EXPECT_EQ(phrase_safe("=?utf-8?B?YQ==?="), "=?utf-8?B?YQ==?=");
}

TEST(EncodedWord, LongTextIsCutBetweenCharacters) {
  const std::string text = encoded_words(std::string(41, 'a') + "\xC3\xBC");
  EXPECT_EQ(text, "=?utf-8?B?" + std::string("YWFh") + text.substr(14));
  EXPECT_TRUE(text.ends_with(" =?utf-8?B?w7w=?=")) << text;
}

TEST(EncodedWord, BlanksBetweenEncodedWordsAreNotText) {
  EXPECT_EQ(all_encoded("=?utf-8?Q?a?= =?utf-8?Q?b?="), "=?utf-8?Q?a?= =?utf-8?Q?b?=");
  EXPECT_EQ(all_encoded("x =?utf-8?Q?a?= y"),
            encoded_words("x ") + " =?utf-8?Q?a?= " + encoded_words(" y"));
  EXPECT_EQ(all_encoded("=?utf-8?Q?a?= - =?utf-8?Q?b?="),
            "=?utf-8?Q?a?= " + encoded_words(" - ") + " =?utf-8?Q?b?=");
  EXPECT_EQ(all_encoded("x"), encoded_words("x"));
}

}  // namespace
}  // namespace signpost::message
