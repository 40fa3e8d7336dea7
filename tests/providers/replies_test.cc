// tests/providers/replies.tsv through the built-in providers.
#include "base/ascii.h"
#include "base/enum_texts.h"
#include "providers/providers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace signpost::providers {
namespace {

struct Row {
  std::size_t line = 0;
  std::string provider;  // "-": any other
  smtp::Reply reply;
  std::string expected;
};

std::string with_line_ends(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text.substr(i, 2) == "\\n";
    result += escaped ? '\n' : text[i];
    i += escaped;
  }
  return result;
}

std::vector<Row> rows() {
  std::vector<Row> result;
  std::ifstream file(SIGNPOST_REPLIES);
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.starts_with('#')) continue;
    const auto fields = ascii::split(line, '\t');
    if (fields.size() != 5) {
      ADD_FAILURE() << "line " << number << " has not five fields";
      continue;
    }
    Row& row = result.emplace_back();
    row.line = number;
    row.provider = fields[0];
    row.reply.code = std::stoi(std::string(fields[1]));
    row.reply.status = smtp::EnhancedStatus::parse(fields[2]).value_or(smtp::EnhancedStatus{});
    row.reply.text = with_line_ends(fields[4]);
    row.expected = fields[3];
  }
  return result;
}

const Provider* provider_of(const Row& row) {
  const Provider* const provider = Providers::built_in()->named(row.provider);
  EXPECT_EQ(provider == nullptr, row.provider == "-") << row.provider;
  return provider;
}

TEST(Replies, HaveTheClassThatAReaderGivesThem) {
  const auto all = rows();
  EXPECT_GE(all.size(), 250u);
  for (const Row& row : all) {
    const auto reading =
        Providers::built_in()->read(provider_of(row), row.reply, ReplyScope::Recipient);
    EXPECT_EQ(text_of(reading.reply_class), row.expected)
        << "replies.tsv:" << row.line << ": " << row.reply.one_line() << "; decided by "
        << (reading.pattern == nullptr ? "code and status"
                                       : "providers.toml:" + std::to_string(reading.pattern->line));
  }
}

TEST(Replies, ALimitOfOneConnectionAsksForNoLessMail) {
  const auto asks = [](const char* provider, const char* text) {
    const Providers& all = *Providers::built_in();
    const auto* const pattern =
        all.read(all.named(provider), {421, {4, 7, 0}, text}, ReplyScope::Sender).pattern;
    return pattern != nullptr && pattern->slow;
  };
  EXPECT_FALSE(asks("-", "Too many messages in this connection"));
  EXPECT_FALSE(asks("-", "Maximum number of messages per session exceeded"));
  EXPECT_FALSE(asks("yahoo", "Max message per connection reached, closing transmission channel"));
  EXPECT_FALSE(asks("microsoft", "RP-002 We have limits on how many messages per connection"));
  EXPECT_TRUE(asks("microsoft", "RP-003 We have limits for concurrent connections"));
  EXPECT_TRUE(asks("-", "Too many messages from 192.0.2.1"));
  EXPECT_TRUE(asks("-", "Too many messages in the last hour"));
}

TEST(Replies, CoverEveryClass) {
  std::map<std::string, std::size_t> counts;
  for (const Row& row : rows()) ++counts[row.expected];
  for (const std::string_view name : kTexts<ReplyClass>) {
    if (name == "accepted") continue;
    EXPECT_GE(counts[std::string(name)], 5u) << name;
  }
}

// Addresses of that class stop getting mail. A text of policy, reputation or content that a
// provider's pattern or another code turned into it would silence somebody who is there.
TEST(Replies, NoRefusalForAnotherReasonSpeaksAgainstTheAddress) {
  std::vector<const Provider*> providers{nullptr};
  for (const Provider& provider : Providers::built_in()->all()) providers.push_back(&provider);
  for (const Row& row : rows()) {
    if (row.expected != "policy" && row.expected != "rate" && row.expected != "content") continue;
    const ReplyClass own =
        Providers::built_in()->classify(provider_of(row), row.reply, ReplyScope::Recipient);
    EXPECT_NE(own, ReplyClass::Address) << "replies.tsv:" << row.line;
    // Said by a receiver that has no pattern for it.
    EXPECT_NE(Providers::built_in()->classify(nullptr, row.reply, ReplyScope::Recipient),
              ReplyClass::Address)
        << "replies.tsv:" << row.line << " from a receiver without a name";
  }
}

// A receiver that puts such a text behind the status of an unknown mailbox.
TEST(Replies, TheStatusOfAnUnknownMailboxDoesNotOutweighABlocklist) {
  for (const char* text :
       {"Blocked by Spamhaus", "Your IP is on our blacklist", "DMARC failure", "SPF fail",
        "Message refused as spam", "Poor reputation of your network", "Greylisted, come back later",
        "Sender address rejected: user unknown", "Relay access denied", "Rate limit exceeded"}) {
    EXPECT_NE(
        Providers::built_in()->classify(nullptr, {550, {5, 1, 1}, text}, ReplyScope::Recipient),
        ReplyClass::Address)
        << text;
  }
}

// Only what is said of one recipient speaks against its address, whatever the words.
TEST(Replies, SpeakAgainstNoAddressWhereNoneWasAskedAbout) {
  std::size_t addresses = 0;
  for (const Row& row : rows()) {
    const auto in = [&](ReplyScope scope) {
      return Providers::built_in()->classify(provider_of(row), row.reply, scope);
    };
    const ReplyClass words = in(ReplyScope::Recipient);
    const bool address = words == ReplyClass::Address;
    addresses += address ? 1 : 0;
    EXPECT_EQ(in(ReplyScope::Sender), address ? ReplyClass::Policy : words)
        << "replies.tsv:" << row.line;
    EXPECT_EQ(in(ReplyScope::Message), address ? ReplyClass::Other : words)
        << "replies.tsv:" << row.line;
  }
  EXPECT_GT(addresses, 20u);
}

// What a recipient is called does not decide.
TEST(Replies, AnAddressInTheTextIsNotRead) {
  for (const char* text :
       {"<spam@example.net>: User unknown", "<dmarc@blocked.example>: User unknown",
        "User unknown: spamhaus@greylisted.example (mailbox.full@example.net)"}) {
    EXPECT_EQ(
        Providers::built_in()->classify(nullptr, {550, {5, 1, 1}, text}, ReplyScope::Recipient),
        ReplyClass::Address)
        << text;
  }
}

TEST(Replies, TextsOfAnyLengthAreReadInBoundedTime) {
  std::string text;
  while (text.size() < 32u * 1024) text += "mailbox user account too many size exceed ";
  const auto reading = Providers::built_in()->read(nullptr, {550, {}, text}, ReplyScope::Recipient);
  EXPECT_NE(reading.reply_class, ReplyClass::Address);
  EXPECT_LE(ReplyText(text).view().size(), ReplyText::kMostText);
}

}  // namespace
}  // namespace signpost::providers
