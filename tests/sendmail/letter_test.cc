#include "sendmail/letter.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signpost::sendmail {
namespace {

using Texts = std::vector<std::string>;

class LetterTest : public testing::Test {
 protected:
  Letter made(std::string_view input) const {
    auto letter = compose(call, origin, input);
    CHECK(letter.has_value());
    return std::move(*letter);
  }
  Fault fault(std::string_view input) const {
    auto letter = compose(call, origin, input);
    CHECK(!letter.has_value());
    return std::move(letter.error());
  }
  void from_header() { call.recipients_from_header = true; }

  Invocation call;
  Origin origin{.account = "www-data", .full_name = "Web", .host = "shop.example"};
};

TEST_F(LetterTest, WhatIsMissingIsMadeFromTheAccount) {
  call.recipients = {"a@b.example"};
  const Letter letter = made("Subject: Hi\n\nText\n");
  EXPECT_EQ(letter.sender, "www-data@shop.example");
  EXPECT_EQ(letter.recipients, Texts{"a@b.example"});
  EXPECT_EQ(letter.content, "From: Web <www-data@shop.example>\r\nSubject: Hi\r\n\r\nText\r\n");
}

TEST_F(LetterTest, ATextWithoutHeaderGetsOne) {
  call.recipients = {"root"};
  const Letter letter = made("It failed.\n\nBadly.");
  EXPECT_EQ(letter.recipients, Texts{"root@shop.example"});
  EXPECT_EQ(letter.content,
            "From: Web <www-data@shop.example>\r\n\r\nIt failed.\r\n\r\nBadly.\r\n");
  EXPECT_EQ(made("").content, "From: Web <www-data@shop.example>\r\n\r\n");
}

TEST_F(LetterTest, LineEndsMayBeMixedAndAreMadeAlike) {
  call.recipients = {"a@b.example"};
  EXPECT_EQ(made("From: x@b.example\r\nX: 1\n\r\na\r\nb\nc").content,
            "From: x@b.example\r\nX: 1\r\n\r\na\r\nb\r\nc\r\n");
}

TEST_F(LetterTest, ADotAloneEndsTheMessageUnlessItIsText) {
  call.recipients = {"a@b.example"};
  EXPECT_EQ(made("From: x@b.example\n\na\n.\nb\n").content, "From: x@b.example\r\n\r\na\r\n");
  EXPECT_EQ(made("From: x@b.example\n\na\n..\nb\n").content,
            "From: x@b.example\r\n\r\na\r\n..\r\nb\r\n");
  call.dot_is_text = true;
  EXPECT_EQ(made("From: x@b.example\n\na\n.\nb\n").content,
            "From: x@b.example\r\n\r\na\r\n.\r\nb\r\n");
}

TEST_F(LetterTest, RecipientsComeFromHeaderAndArgumentsOnceEachAndBccGoes) {
  from_header();
  call.recipients = {"a@b.example", "more@b.example"};
  const Letter letter = made(
      "From: x@b.example\nTo: A <a@b.example>\nCc: c@b.example\nBcc: secret@b.example,\n"
      " other@b.example\nSubject: s\n\nText\n");
  EXPECT_EQ(letter.recipients, (Texts{"a@b.example", "more@b.example", "c@b.example",
                                      "secret@b.example", "other@b.example"}));
  EXPECT_EQ(letter.content,
            "From: x@b.example\r\nTo: A <a@b.example>\r\nCc: c@b.example\r\nSubject: s\r\n\r\n"
            "Text\r\n");
}

TEST_F(LetterTest, WithoutDashTTheHeaderGivesNoRecipientAndBccGoesToo) {
  call.recipients = {"a@b.example"};
  const Letter letter = made("From: x@b.example\nTo: not clear at all\nBcc: s@b.example\n\n");
  EXPECT_EQ(letter.recipients, Texts{"a@b.example"});
  EXPECT_EQ(letter.content, "From: x@b.example\r\nTo: not clear at all\r\n\r\n");
}

TEST_F(LetterTest, AResentMessageGoesToItsNewRecipientsOnly) {
  from_header();
  const Letter letter = made(
      "Resent-To: new@b.example\nResent-Bcc: secret@b.example\nFrom: x@b.example\n"
      "To: old@b.example\n\nText\n");
  EXPECT_EQ(letter.recipients, (Texts{"new@b.example", "secret@b.example"}));
  EXPECT_EQ(letter.content,
            "Resent-From: Web <www-data@shop.example>\r\nResent-To: new@b.example\r\n"
            "From: x@b.example\r\nTo: old@b.example\r\n\r\nText\r\n");
}

TEST_F(LetterTest, AccountsInTheHeaderGetTheHost) {
  call.recipients = {"root"};
  const Letter letter =
      made("From: root (Cron Daemon)\nTo: root\nReply-To: A <www-data>, b@b.example\n\n");
  EXPECT_EQ(letter.content,
            "From: root@shop.example (Cron Daemon)\r\nTo: root@shop.example\r\n"
            "Reply-To: A <www-data@shop.example>, b@b.example\r\n\r\n");
}

TEST_F(LetterTest, TheNameOfTheAuthorIsWrittenSoThatEverybodyReadsIt) {
  call.recipients = {"a@b.example"};
  const auto author = [this](const char* name) {
    call.full_name = name;
    const std::string content = made("\n").content;
    return content.substr(0, content.find("\r\n"));
  };
  EXPECT_EQ(author("Cron Daemon"), "From: Cron Daemon <www-data@shop.example>");
  EXPECT_EQ(author("Doe, \"J\" <x>"), "From: \"Doe, \\\"J\\\" <x>\" <www-data@shop.example>");
  EXPECT_EQ(author(""), "From: <www-data@shop.example>");
  EXPECT_TRUE(author("J\xc3\xb6rg").starts_with("From: =?"));
  EXPECT_TRUE(author("a\nBcc: b@c.example").starts_with("From: =?"));
}

TEST_F(LetterTest, TheSenderMayBeGivenAndMayBeNull) {
  call.recipients = {"a@b.example"};
  call.sender = "orders@b.example";
  EXPECT_EQ(made("\n").content, "From: Web <orders@b.example>\r\n\r\n");
  EXPECT_EQ(made("\n").sender, "orders@b.example");
  call.sender = "Orders@B.Example";
  EXPECT_EQ(made("\n").sender, "Orders@b.example");
  call.sender = "";
  EXPECT_EQ(made("\n").sender, "");
  EXPECT_EQ(made("\n").content, "From: Web <www-data@shop.example>\r\n\r\n");
  call.sender = "two words@b";
  EXPECT_EQ(fault("\n").code, kDataError);
}

TEST_F(LetterTest, TheLineOfAMailboxFileIsNoField) {
  call.recipients = {"a@b.example"};
  EXPECT_EQ(made("From www-data Sun Nov 29 16:00:00 2026\nFrom: x@b.example\n\nHi\n").content,
            "From: x@b.example\r\n\r\nHi\r\n");
}

TEST_F(LetterTest, NobodyToSendToIsAnError) {
  EXPECT_EQ(fault("Subject: x\n\n").code, kUsage);
  from_header();
  EXPECT_EQ(fault("To: undisclosed-recipients:;\n\n").code, kDataError);
}

TEST_F(LetterTest, ARecipientThatIsNotClearIsAnErrorAndNotSkipped) {
  from_header();
  const Fault found = fault("To: a@b.example, c d@e.example\n\n");
  EXPECT_EQ(found.code, kDataError);
  EXPECT_TRUE(found.text.starts_with("To: names no clear address in \"c d@e.example\""))
      << found.text;
  call = {};
  call.recipients = {"-a b@c.example"};
  EXPECT_EQ(fault("\n").code, kDataError);
  call.recipients = {"a@b.example\r\nRCPT TO:<x@y.example>"};
  EXPECT_EQ(fault("\n").code, kDataError);
}

}  // namespace
}  // namespace signpost::sendmail
