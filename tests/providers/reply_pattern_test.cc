#include "providers/reply_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::providers {
namespace {

bool code_matches(std::string_view pattern, int code) {
  const auto parsed = CodePattern::parse(pattern);
  return parsed && parsed->matches(code);
}

bool status_matches(std::string_view pattern, smtp::EnhancedStatus status) {
  const auto parsed = StatusPattern::parse(pattern);
  return parsed && parsed->matches(status);
}

bool text_matches(std::string_view pattern, std::string_view text) {
  const auto parsed = TextPattern::parse(pattern);
  return parsed && parsed->matches(ReplyText(text));
}

TEST(CodePattern, HasAnXForAnyDigit) {
  EXPECT_TRUE(code_matches("421", 421));
  EXPECT_FALSE(code_matches("421", 422));
  EXPECT_TRUE(code_matches("45x", 452));
  EXPECT_FALSE(code_matches("45x", 421));
  EXPECT_TRUE(code_matches("5xx", 571));
  EXPECT_FALSE(code_matches("5xx", 451));
  EXPECT_FALSE(code_matches("4xx", 0));
  EXPECT_FALSE(code_matches("4xx", 4210));
}

TEST(CodePattern, IsOfARefusal) {
  for (const char* text : {"", "4", "42", "4211", "250", "xxx", "4Xx", "x21", "-21", "4.1"}) {
    EXPECT_FALSE(CodePattern::parse(text)) << text;
  }
}

TEST(StatusPattern, HasNumbersRangesAndAnyNumber) {
  EXPECT_TRUE(status_matches("4.7.28", {4, 7, 28}));
  EXPECT_FALSE(status_matches("4.7.28", {5, 7, 28}));
  EXPECT_TRUE(status_matches("5.7.606-649", {5, 7, 606}));
  EXPECT_TRUE(status_matches("5.7.606-649", {5, 7, 649}));
  EXPECT_FALSE(status_matches("5.7.606-649", {5, 7, 650}));
  EXPECT_TRUE(status_matches("5.7.*", {5, 7, 0}));
  EXPECT_TRUE(status_matches("*.1.1", {4, 1, 1}));
  EXPECT_TRUE(status_matches("*.*.*", {5, 2, 2}));
}

TEST(StatusPattern, MatchesNoReplyWithoutAStatus) { EXPECT_FALSE(status_matches("*.*.*", {})); }

TEST(StatusPattern, IsOfARefusal) {
  for (const char* text : {"", "5", "5.7", "5.7.1.1", "5..1", "2.0.0", "2-5.1.1", "5.7.1000",
                           "5.7.9-1", "5.7.-1", "5.7.a", " 5.7.1", "5.7.1-"}) {
    EXPECT_FALSE(StatusPattern::parse(text)) << text;
  }
}

TEST(TextPattern, IsFoundInAnyCaseAndAnywhere) {
  EXPECT_TRUE(text_matches("user unknown", "<x>: User Unknown in table"));
  EXPECT_TRUE(text_matches("User Unknown", "user unknown"));
  EXPECT_FALSE(text_matches("user unknown", "user is unknown"));
}

TEST(TextPattern, BeginsAndEndsWithWords) {
  EXPECT_TRUE(text_matches("rate", "the rate, 5 a minute"));
  EXPECT_FALSE(text_matches("rate", "moderate"));
  EXPECT_FALSE(text_matches("rate", "rated"));
  EXPECT_TRUE(text_matches("rate", "moderate rate"));
  EXPECT_FALSE(text_matches("voll", "vollst\xc3\xa4ndig"));
  EXPECT_FALSE(text_matches("fall",
                            "\xc3\xbc"
                            "fall"));
}

TEST(TextPattern, AStarIsAnyCharactersOrNone) {
  EXPECT_TRUE(text_matches("mailbox*full", "Mailbox is full"));
  EXPECT_TRUE(text_matches("mailbox*full", "mailboxfull"));
  EXPECT_FALSE(text_matches("mailbox*full", "full mailbox"));
  EXPECT_FALSE(text_matches("mailbox*full", "mailbox was successfully fuller"));
  EXPECT_TRUE(text_matches("mailbox*full", "mailbox fuller, now full"));
  EXPECT_TRUE(text_matches("spam*", "SpamAssassin"));
  EXPECT_TRUE(text_matches("*list", "blocklist"));
  EXPECT_FALSE(text_matches("*list", "listed"));
  EXPECT_TRUE(text_matches("a*b*c", "a c b a b c"));
}

TEST(TextPattern, LinesAreJoined) {
  EXPECT_TRUE(text_matches("mailbox full", "the mailbox\nfull"));
  EXPECT_TRUE(text_matches("mailbox full", "  mailbox \t\r\n  full "));
}

TEST(TextPattern, WordsWithAnAtSignAreLeftOut) {
  EXPECT_FALSE(text_matches("spam", "<spam@example.net>: unknown"));
  EXPECT_TRUE(text_matches("to unknown", "to <spam@example.net> unknown"));
}

TEST(TextPattern, OneThatNeverMatchesIsRefused) {
  for (const char* text : {"", "*", "**", " ", "a  b", "a@b", " a", "a ", "a\nb", ":"}) {
    EXPECT_FALSE(TextPattern::parse(text)) << text;
  }
  EXPECT_TRUE(TextPattern::parse(std::string(TextPattern::kLongest, 'a')));
  EXPECT_FALSE(TextPattern::parse(std::string(TextPattern::kLongest + 1, 'a')));
}

TEST(ReplyText, IsCutBetweenWords) {
  const std::string text(ReplyText::kMostText - 3, 'a');
  EXPECT_EQ(ReplyText(text + " spam@example.net").view(), text);
  EXPECT_EQ(ReplyText(text + " ab").view(), text + " ab");
}

TEST(ClassByStatus, ReadsTheCodeAndTheEnhancedStatus) {
  const auto read = [](int code, smtp::EnhancedStatus status) {
    return class_by_status({code, status, ""});
  };
  EXPECT_EQ(read(250, {2, 0, 0}), ReplyClass::Accepted);
  EXPECT_EQ(read(550, {5, 1, 1}), ReplyClass::Address);
  EXPECT_EQ(read(550, {5, 1, 10}), ReplyClass::Address);
  EXPECT_EQ(read(452, {4, 2, 2}), ReplyClass::Mailbox);
  EXPECT_EQ(read(550, {5, 7, 1}), ReplyClass::Policy);
  EXPECT_EQ(read(450, {4, 7, 1}), ReplyClass::Rate);
  EXPECT_EQ(read(421, {}), ReplyClass::Rate);
  EXPECT_EQ(read(552, {5, 3, 4}), ReplyClass::Content);
  EXPECT_EQ(read(550, {5, 7, 10}), ReplyClass::Tls);
  EXPECT_EQ(read(0, {4, 4, 1}), ReplyClass::Network);
  EXPECT_EQ(read(0, {5, 1, 2}), ReplyClass::Address);
  EXPECT_EQ(read(0, {}), ReplyClass::Network);
}

TEST(ClassByStatus, OnlyWhatNamesTheRecipientSpeaksAgainstTheAddress) {
  constexpr std::uint16_t kDetails[] = {0, 5, 7, 8, 9, 90};
  for (const std::uint16_t detail : kDetails) {
    EXPECT_NE(class_by_status({550, {5, 1, detail}, ""}), ReplyClass::Address) << detail;
  }
  EXPECT_EQ(class_by_status({550, {}, ""}), ReplyClass::Other);
}

}  // namespace
}  // namespace signpost::providers
