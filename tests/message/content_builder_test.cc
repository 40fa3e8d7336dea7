#include "message/content_builder.h"

#include "base/ascii.h"
#include "message/header_section.h"
#include "message/line_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::message {
namespace {

constexpr std::string_view kReceived =
    "Received: by relay.example; Mon, 23 Nov 2026 20:24:10 +0000\r\n";
constexpr std::string_view kDate = "Date: Mon, 23 Nov 2026 20:24:10 +0000\r\n";
constexpr std::string_view kMessageId = "Message-ID: <made@relay.example>\r\n";
// A header section that needs nothing.
constexpr std::string_view kComplete =
    "From: a@example.com\r\nDate: Sun, 1 Jan 2023 00:00:00 +0000\r\nMessage-ID: "
    "<1@example.com>\r\n";

FixUps fix_ups() {
  return {.received = std::string(kReceived),
          .message_id = "<made@relay.example>",
          .now = SystemTime(std::chrono::seconds(1795465450))};
}

ContentBuilder built(std::string_view content, std::size_t step = std::string_view::npos) {
  ContentBuilder builder(fix_ups());
  while (!content.empty()) {
    builder.append(content.substr(0, step));
    content.remove_prefix(std::min(step, content.size()));
  }
  builder.finish();
  return builder;
}

std::string content_of(std::string_view content) {
  ContentBuilder builder = built(content);
  EXPECT_EQ(builder.fault(), std::nullopt);
  return builder.take();
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto part : parts) out += part;
  return out;
}

TEST(ContentBuilder, PutsReceivedOnTopAndLeavesTheRest) {
  const std::string mail = join(
      {"received: from x; y\r\nX-A:  b \r\n\tc\r\n", kComplete, "\r\n.body\r\n\r\n last \r\n"});
  EXPECT_EQ(content_of(mail), join({kReceived, mail}));
}

TEST(ContentBuilder, AddsWhatIsMissingAtTheEndOfTheSection) {
  EXPECT_EQ(content_of("Received: x\r\nFrom: a@example.com\r\n\r\nbody\r\n"),
            join({kReceived, "Received: x\r\nFrom: a@example.com\r\n", kDate, kMessageId,
                  "\r\nbody\r\n"}));
  EXPECT_EQ(content_of("From: a@example.com\r\nDate: now\r\n\r\n"),
            join({kReceived, "From: a@example.com\r\nDate: now\r\n", kMessageId, "\r\n"}));
}

TEST(ContentBuilder, AnEmptyDateOrMessageIdCountsAsMissing) {
  EXPECT_EQ(content_of("Message-Id:\r\nFrom: a@example.com\r\nDate: \r\n \r\n\r\n"),
            join({kReceived, "From: a@example.com\r\n", kDate, kMessageId, "\r\n"}));
}

TEST(ContentBuilder, RemovesBccAndReturnPath) {
  EXPECT_EQ(
      content_of(join({"Return-Path: <x@example.com>\r\nBCC: a@example.net,\r\n b@example.net\r\n",
                       kComplete, "resent-bcc: c@example.net\r\nX-Bcc: stays\r\n\r\n",
                       "Bcc: in the body\r\n"})),
      join({kReceived, kComplete, "X-Bcc: stays\r\n\r\nBcc: in the body\r\n"}));
}

TEST(ContentBuilder, JoinsDoubledRecipientsAndLeavesOutEmptyFields) {
  EXPECT_EQ(content_of(join({"To: b@example.com\r\nReply-To:\r\nCc: \r\n", kComplete,
                             "Sender:\r\nto: c@example.com\r\nSubject: s\r\n\r\n"})),
            join({kReceived, "To: b@example.com,\r\n c@example.com\r\n", kComplete,
                  "Subject: s\r\n\r\n"}));
}

TEST(ContentBuilder, RefusesTwoSubjects) {
  const ContentBuilder builder =
      built(join({"Subject: one\r\n", kComplete, "Subject: two\r\n\r\n"}));
  EXPECT_EQ(builder.fault(), ContentFault::DoubledField);
  EXPECT_EQ(builder.fault_text(),
            "The message has two Subject fields, \"Subject: one\" and \"Subject: two\"; send one "
            "of them");
}

TEST(ContentBuilder, CompletesAddresses) {
  FixUps with = fix_ups();
  with.domain = "web1.example";
  ContentBuilder builder(std::move(with));
  builder.append("From: root (Cron)\r\nTo: <bob>\r\nSubject: root\r\n\r\n");
  builder.finish();
  EXPECT_EQ(builder.from_domain(), "web1.example");
  EXPECT_TRUE(builder.take().contains(
      "From: root@web1.example (Cron)\r\nTo: <bob@web1.example>\r\nSubject: root\r\n"));
}

TEST(ContentBuilder, TellsTheScriptAndLeavesOutUnwantedFields) {
  FixUps with = fix_ups();
  with.is_unwanted = [](std::string_view name) { return name.starts_with("X-"); };
  ContentBuilder builder(std::move(with));
  builder.append(
      join({"X-PHP-Originating-Script: 33:contact\x01.php\r\nX-Originating-IP: [::1]\r\n",
            kComplete, "\r\nX-A: b\r\n"}));
  builder.finish();
  EXPECT_EQ(builder.script(), "33:contact\\x01.php");
  EXPECT_EQ(builder.take(), join({kReceived, kComplete, "\r\nX-A: b\r\n"}));
}

TEST(ContentBuilder, GivesAHeaderItsBlankLine) {
  EXPECT_EQ(content_of(kComplete), join({kReceived, kComplete, "\r\n"}));
  EXPECT_EQ(content_of(join({kComplete, "Hello Bob: how are you?\r\nBye\r\n"})),
            join({kReceived, kComplete, "\r\nHello Bob: how are you?\r\nBye\r\n"}));
  EXPECT_EQ(content_of(join({kComplete, "To: b@example.net"})),
            join({kReceived, kComplete, "To: b@example.net\r\n\r\n"}));
  EXPECT_EQ(content_of(join({kComplete, "no end"})),
            join({kReceived, kComplete, "\r\nno end\r\n"}));
}

TEST(ContentBuilder, EndsTheLastLine) {
  EXPECT_EQ(content_of(join({kComplete, "\r\nbody"})),
            join({kReceived, kComplete, "\r\nbody\r\n"}));
  EXPECT_EQ(content_of(join({kComplete, "\r\n"})), join({kReceived, kComplete, "\r\n"}));
}

TEST(ContentBuilder, DropsTheFromLineOfAnMbox) {
  const std::string mbox = "From a@example.com Mon Nov 23 20:24:10 2026\r\n";
  EXPECT_EQ(content_of(join({mbox, kComplete, "\r\n"})), join({kReceived, kComplete, "\r\n"}));
  EXPECT_EQ(built(join({mbox, mbox, kComplete})).fault(), ContentFault::MalformedHeader);
  // Not an mbox: a field with a blank before its colon.
  EXPECT_EQ(built("From : a@example.com\r\n\r\n").from_address(), "a@example.com");
}

TEST(ContentBuilder, RefusesWhatDoesNotBeginWithAHeader) {
  for (const std::string_view mail :
       {"Hello,\r\n\r\nFrom: a@example.com\r\n", " folded\r\nFrom: a@example.com\r\n\r\n",
        "Two Words: x\r\nFrom: a@example.com\r\n\r\n",
        "X-Gr\xC3\xB6\xC3\x9F"
        "e: 5\r\nFrom: a@example.com\r\n\r\n",
        "\xEF\xBB\xBF\xEF\xBB\xBF"
        "From: a@example.com\r\n\r\n",
        "Hello"}) {
    ContentBuilder builder = built(mail);
    EXPECT_EQ(builder.fault(), ContentFault::MalformedHeader) << mail;
    EXPECT_TRUE(builder.take().empty());
  }
}

TEST(ContentBuilder, RefusesNoFromAndSeveral) {
  for (const std::string_view mail :
       {"", "\r\n", "\r\nFrom: a@example.com\r\n", "To: a@example.com\r\n\r\n", "From:\r\n\r\n",
        "From: \r\n \r\n\r\nbody\r\n", "Sender: a@example.com\r\n\r\n"}) {
    EXPECT_EQ(built(mail).fault(), ContentFault::NoFrom) << mail;
  }
  EXPECT_EQ(built("From: a@example.com\r\nfrom: b@example.com\r\n\r\n").fault(),
            ContentFault::SeveralFrom);
  EXPECT_EQ(built("From: a@example.com\r\nFrom:\r\n\r\n").fault(), ContentFault::SeveralFrom);
}

TEST(ContentBuilder, FindsALoop) {
  std::string mail(kComplete);
  for (std::size_t i = 0; i < ContentBuilder::kMaxReceived; ++i) mail += "Received: x\r\n";
  EXPECT_EQ(built(mail).fault(), std::nullopt);
  EXPECT_EQ(built(mail + "received: y\r\n").fault(), ContentFault::TooManyReceived);
}

TEST(ContentBuilder, BoundsTheHeaderSection) {
  std::string mail(kComplete);
  while (mail.size() + 800 < ContentBuilder::kMaxHeaderSize)
    mail += "X: y\r\n " + std::string(700, 'x') + "\r\n";
  mail += "X: " + std::string(ContentBuilder::kMaxHeaderSize - mail.size() - 5, 'x') + "\r\n";
  ASSERT_EQ(mail.size(), ContentBuilder::kMaxHeaderSize);
  EXPECT_EQ(built(mail).fault(), std::nullopt);
  EXPECT_EQ(built(mail + "\r\n", 1000).fault(), ContentFault::HeaderTooLong);
  std::string fields(kComplete);
  for (std::size_t i = 3; i < ContentBuilder::kMaxHeaderFields; ++i) fields += "X:\r\n";
  EXPECT_EQ(built(fields + "\r\n").fault(), std::nullopt);
  EXPECT_EQ(built(fields + "X:\r\n\r\n").fault(), ContentFault::HeaderTooLong);
}

TEST(ContentBuilder, ARefusedMessageHoldsNoMemory) {
  ContentBuilder builder(fix_ups());
  builder.append("no header\r\n");
  EXPECT_EQ(builder.fault(), ContentFault::MalformedHeader);
  builder.append(std::string(100'000, 'x'));
  EXPECT_EQ(builder.size(), 0U);
  builder.finish();
  EXPECT_TRUE(builder.take().empty());
}

TEST(ContentBuilder, SizeFollowsTheOctetsHeld) {
  ContentBuilder builder(fix_ups(), 10'000'000);
  EXPECT_EQ(builder.size(), 0U);
  builder.append("From: a@e");
  EXPECT_EQ(builder.size(), 9U);
  builder.append("xample.com\r\n\r\n1234");
  EXPECT_GE(builder.size(), kReceived.size() + 27);
  EXPECT_LT(builder.size(), 1000U);
}

// Whatever the client claims, a message that is refused costs no more than its header.
TEST(ContentBuilder, BelievesNoClaimedSize) {
  ContentBuilder builder(fix_ups(), std::string_view::npos);
  builder.append("From: a@example.com\r\n\r\nbody\r\n");
  builder.finish();
  EXPECT_LE(builder.take().capacity(), std::size_t{33} << 20);
}

TEST(ContentBuilder, KnowsEightBitOctets) {
  const std::string umlaut = "\xC3\xB6";
  EXPECT_FALSE(built(join({kComplete, "\r\nabc\r\n"})).has_eight_bit());
  const ContentBuilder body = built(join({kComplete, "\r\n", umlaut, "\r\n"}));
  EXPECT_TRUE(body.has_eight_bit());
  EXPECT_FALSE(body.header_has_eight_bit());
  const ContentBuilder header = built(join({kComplete, "Subject: ", umlaut, "\r\n\r\n"}));
  EXPECT_TRUE(header.has_eight_bit());
  EXPECT_TRUE(header.header_has_eight_bit());
  EXPECT_FALSE(built(join({kComplete, "Bcc: ", umlaut, "@x\r\n\r\n"})).has_eight_bit());
}

TEST(ContentBuilder, KnowsWhoTheMessageIsFrom) {
  const ContentBuilder builder =
      built("From: \"Doe, J\"\r\n <John@Mail.EXAMPLE.com>\r\n\r\nbody\r\n");
  EXPECT_EQ(builder.from_address(), "John@mail.example.com");
  EXPECT_EQ(builder.from_domain(), "mail.example.com");
  const ContentBuilder unclear = built("From: a@b.example c@d.example\r\n\r\n");
  EXPECT_EQ(unclear.fault(), std::nullopt);
  EXPECT_EQ(unclear.from_address(), "");
  EXPECT_EQ(unclear.from_domain(), "");
}

TEST(ContentBuilder, KnowsTheMessageId) {
  const auto id = [](std::string_view field) {
    return built(join({"From: a@example.com\r\n", field, "\r\n"})).message_id();
  };
  EXPECT_EQ(id(""), "<made@relay.example>");
  EXPECT_EQ(id("Message-ID: <1@example.com>\r\n"), "<1@example.com>");
  EXPECT_EQ(id("MESSAGE-ID:\r\n (c) <1@example.com> (d)\r\n"), "<1@example.com>");
  EXPECT_EQ(id("Message-ID: 1@example.com \r\n"), "1@example.com");
  EXPECT_EQ(id("Message-ID:\r\nMessage-ID: <2@example.com>\r\n"), "<2@example.com>");
  EXPECT_EQ(
      id("Message-ID: " + std::string(900, 'x') + "\r\n " + std::string(900, 'x') + "\r\n").size(),
      998U);
}

TEST(ContentBuilder, EverySplitGivesTheSameResult) {
  const std::vector<std::string> mails = {
      join({kComplete, "\r\nbody\r\n\r\nlast"}),
      join({"From: J\xC3\xB6rg <j@example.com>\r\nBcc: x@y\r\n z\r\nSubject: a\r\n b\r\n",
            "\r\n\r\n\r\nbody\r\n"}),
      "From x@y Mon Nov 23\r\nFrom: a@example.com\r\nno blank line\r\nbody\r\n",
      "From: a@example.com\r\n \r\nTo: b@c\r\n\r\nx\r\n",
      "From: a@example.com\r\nX: bare\nlf\r\n\n\r\nbody\r\n",
      "From: a@example.com\r\nTo: b",
      "no header\r\n\r\n",
      "To: a@example.com\r\n\r\nbody",
      "From: a@example.com\r\ntorn\r\nX: y\r\n\r\n",
      "From : Doe, John <a@example.com>\r\nodd\r\nodder\r\n\r\nX: y\r\n",
  };
  for (const std::string& mail : mails) {
    ContentBuilder whole = built(mail);
    const std::string content = whole.take();
    const auto expect_same = [&](ContentBuilder pieces) {
      EXPECT_EQ(pieces.fault(), whole.fault()) << mail;
      EXPECT_EQ(pieces.has_eight_bit(), whole.has_eight_bit()) << mail;
      EXPECT_EQ(pieces.from_address(), whole.from_address()) << mail;
      EXPECT_EQ(pieces.message_id(), whole.message_id()) << mail;
      EXPECT_EQ(pieces.take(), content) << mail;
    };
    for (std::size_t step = 1; step <= 5; ++step) expect_same(built(mail, step));
    for (std::size_t first = 0; first <= mail.size(); ++first) {
      ContentBuilder builder(fix_ups());
      builder.append(std::string_view(mail).substr(0, first));
      builder.append(std::string_view(mail).substr(first));
      builder.finish();
      expect_same(std::move(builder));
    }
  }
}

TEST(ContentBuilder, AFaultIsReportedWithTheTextAndTheCorrectForm) {
  const auto words = [](std::string_view content) { return built(content).fault_text(); };
  EXPECT_EQ(words("To: a@example.com\r\n\r\n"),
            "The message has no From field; write one, as in \"From: name@example.com\"");
  EXPECT_EQ(words("From: a@example.com\r\nfrom: b@example.com\r\n\r\n"),
            "The message has 2 From fields, \"From: a@example.com\" and \"from: b@example.com\"; "
            "write all authors in one");
  EXPECT_EQ(words("From: a@b\r\nFrom: a@b\r\nFrom: c@d\r\n\r\n"),
            "The message has 3 From fields, \"From: a@b\" and \"From: c@d\" among them; write all "
            "authors in one");
  EXPECT_EQ(words("From:\r\nFrom: a@b\r\n\r\n"),
            "The message has 2 From fields, \"From:\" and \"From: a@b\"; leave out what is empty");
  EXPECT_EQ(words("From:\r\n \r\n\r\n"),
            "The From field of the message is empty; write the author into it, as in "
            "\"From: name@example.com\"");
  EXPECT_EQ(
      words("X: " + std::string(1000, 'x') + "\r\nFrom: a@example.com\r\n\r\n"),
      "A line of the X field has 1003 octets, more than 998, and no blank to fold it at: \"X: " +
          std::string(54, 'x') + "...\"; shorten it, or fold it before a blank");
  EXPECT_EQ(words("X-Gr\xC3\xB6\xC3\x9F"
                  "e: 5\r\nFrom: a@example.com\r\n\r\n"),
            "The message does not begin with a header field but with \"X-Gr\\xc3\\xb6\\xc3\\x9f"
            "e: 5\"; begin with fields such as \"From: name@example.com\", then a blank line");
  EXPECT_EQ(words("From: a@example.com\r\n" + std::string(ContentBuilder::kMaxHeaderSize, 'x')),
            "The header section of the message has more than 1048576 octets; send fewer or shorter "
            "fields");
}

// ---- Lines in the header that are not a field

TEST(ContentBuilder, ALineThatIsNotAFieldBetweenFieldsIsRefused) {
  for (const std::string_view line : {"torn here",
                                      "X-Gr\xC3\xB6\xC3\x9F"
                                      "e: 5",
                                      "Two Words: x", ": no name"}) {
    ContentBuilder builder = built(join(
        {"From: a@example.com\r\nSubject: x\r\n", line, "\r\nMIME-Version: 1.0\r\n\r\nbody\r\n"}));
    EXPECT_EQ(builder.fault(), ContentFault::LineIsNoField) << line;
    EXPECT_TRUE(builder.take().empty());
  }
  EXPECT_EQ(built("From: a@example.com\r\ntorn\r\ntwice\r\nMIME-Version: 1.0\r\n\r\n").fault_text(),
            "Line 2 of the header is not a field: \"torn\"; write \"Name: value\" with a name of "
            "ASCII letters, begin a continued line with a blank, or put a blank line before the "
            "body");
}

// The blank line shows that the section goes on after the torn line: were this one the body's
// first, a reader would find neither the boundary nor the parts.
TEST(ContentBuilder, ATornLastLineOfTheHeaderIsRefused) {
  for (const std::string_view torn :
       {"Content-Type: multipart/mixed;\r\nboundary=\"b\"\r\n",
        "Content-Type: text/plain;\r\ncharset=utf-8\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\nSubject: one\r\ntorn\r\n",
        "Content-Transfer-Encoding: Base64\r\nSubject: one\r\ntorn\r\ntwice\r\n folded\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\nTo: a@b,\r\n>From c@d\r\n"}) {
    for (const std::string_view body : {"--b\r\n\r\nhi\r\n--b--\r\n", ""}) {
      ContentBuilder builder = built(join({kComplete, torn, "\r\n", body}));
      EXPECT_EQ(builder.fault(), ContentFault::LineIsNoField) << torn;
      EXPECT_TRUE(builder.take().empty());
    }
  }
  EXPECT_EQ(
      built("From: a@example.com\r\nContent-Type: multipart/mixed;\r\nboundary=\"b\"\r\n\r\n")
          .fault_text(),
      "Line 3 of the header is not a field: \"boundary=\"b\"\"; write \"Name: value\" with a "
      "name of ASCII letters, begin a continued line with a blank, or put a blank line before "
      "the body");
}

TEST(ContentBuilder, TextAfterAHeaderWithoutItsBlankLineIsTheBody) {
  EXPECT_EQ(
      content_of(join({kComplete, "Hello\r\nhttps://example.com/ is new\r\n\r\nTo: x\r\n"})),
      join({kReceived, kComplete, "\r\nHello\r\nhttps://example.com/ is new\r\n\r\nTo: x\r\n"}));
  EXPECT_EQ(content_of(join({kComplete, "Hello\r\nhttps://example.com/ is new\r\nBye\r\n"})),
            join({kReceived, kComplete, "\r\nHello\r\nhttps://example.com/ is new\r\nBye\r\n"}));
  std::string text;
  for (int i = 0; i < 11; ++i) text += "some text\r\n";
  EXPECT_EQ(content_of(join({kComplete, text, "To: x\r\n"})),
            join({kReceived, kComplete, "\r\n", text, "To: x\r\n"}));
}

TEST(ContentBuilder, AByteOrderMarkOnTopIsDropped) {
  EXPECT_EQ(content_of(join({"\xEF\xBB\xBF", kComplete, "\r\nbody\r\n"})),
            join({kReceived, kComplete, "\r\nbody\r\n"}));
}

// ---- Fields that verifiers and readers see differently

TEST(ContentBuilder, RemovesBlanksBeforeTheColon) {
  EXPECT_EQ(content_of("From : a@example.com\r\nDate\t : now\r\nMessage-ID : <1@x>\r\n\r\n"),
            join({kReceived, "From: a@example.com\r\nDate: now\r\nMessage-ID: <1@x>\r\n\r\n"}));
}

TEST(ContentBuilder, QuotesANameThatNeedsIt) {
  ContentBuilder builder = built("From: Doe, John\r\n <j@Example.com>\r\nDate: now\r\n\r\n");
  EXPECT_EQ(builder.from_address(), "j@example.com");
  EXPECT_EQ(builder.take(), join({kReceived, "From: \"Doe, John\" <j@Example.com>\r\nDate: now\r\n",
                                  kMessageId, "\r\n"}));
  EXPECT_EQ(built("From: a@one.example <b@two.example>\r\n\r\n").from_address(), "");
  EXPECT_TRUE(content_of("From: [Shop] News <n@example.com>\r\n\r\n")
                  .contains("\r\nFrom: \"[Shop] News\" <n@example.com>\r\n"));
}

TEST(ContentBuilder, FillsInAMissingFrom) {
  for (const std::string_view field : {"", "From:\r\n"}) {
    FixUps fixing = fix_ups();
    fixing.from = "me@Shop.example";
    ContentBuilder builder(std::move(fixing));
    builder.append(join({"To: b@example.net\r\n", field, "Date: now\r\n\r\nbody\r\n"}));
    builder.finish();
    EXPECT_EQ(builder.from_domain(), "shop.example");
    EXPECT_EQ(builder.take(),
              join({kReceived, "To: b@example.net\r\nDate: now\r\nFrom: <me@Shop.example>\r\n",
                    kMessageId, "\r\nbody\r\n"}));
  }
}

TEST(ContentBuilder, ALongLocalPartWithDotsIsAnAddress) {
  const std::string address = std::string(200, 'x') + "..y.@example.com";
  EXPECT_EQ(built(join({"From: ", address, "\r\n\r\n"})).from_address(), address);
}

// ---- Lines of more than 998 octets

TEST(ContentBuilder, FoldsALongField) {
  std::string value;
  for (int i = 0; i < 60; ++i) value += " <" + std::to_string(i) + ".0123456789abcdef@example.com>";
  ContentBuilder builder = built(join({kComplete, "References:", value, "\r\n\r\nbody\r\n"}));
  const std::string content = builder.take();
  EXPECT_EQ(find_overlong_line(content), std::nullopt);
  const HeaderSection section = HeaderSection::parse(content);
  ASSERT_NE(section.first("References"), nullptr);
  EXPECT_EQ(" " + unfold(section.first("References")->value), value);
}

TEST(ContentBuilder, RefusesAFieldThatCannotBeFolded) {
  EXPECT_EQ(built(join({kComplete, "X-Token: ", std::string(999, 'x'), "\r\n\r\n"})).fault_text(),
            "A line of the X-Token field has 1008 octets, more than 998, and no blank to fold it "
            "at: \"X-Token: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"; shorten it, or "
            "fold it before a blank");
}

TEST(ContentBuilder, EncodesABodyWithALongLine) {
  const std::string html = "<p>caf\xC3\xA9 = " + std::string(998, 'x') + "\r\n";
  ContentBuilder builder = built(join({kComplete, "Content-Type: text/html\r\n\r\n", html}));
  EXPECT_FALSE(builder.has_eight_bit());
  const std::string content = builder.take();
  EXPECT_TRUE(content.starts_with(join({kReceived, kComplete, "Content-Type: text/html\r\n"})));
  EXPECT_TRUE(
      content.contains("Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>caf=C3=A9 =3D "));
  EXPECT_EQ(find_overlong_line(content), std::nullopt);
}

TEST(ContentBuilder, NamesALineThatCannotBeRepaired) {
  ContentBuilder builder =
      built(join({kComplete, "Content-Transfer-Encoding: uuencode\r\n\r\nfirst\r\n",
                  std::string(1200, 'M'), "\r\n"}));
  EXPECT_EQ(builder.fault(), ContentFault::LineTooLong);
  EXPECT_EQ(builder.fault_text(),
            "Line 2 of the body has 1200 octets, more than 998, and is in a part with an unknown "
            "Content-Transfer-Encoding: "
            "\"MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM...\"; "
            "send shorter lines, or the part as base64");
  EXPECT_TRUE(builder.take().empty());
}

ContentBuilder built_of_binary(std::string_view content) {
  FixUps fixing = fix_ups();
  fixing.binary = true;
  ContentBuilder builder(std::move(fixing));
  builder.append(content);
  builder.finish();
  return builder;
}

TEST(ContentBuilder, EncodesBinaryContent) {
  ContentBuilder builder =
      built_of_binary(join({kComplete, "Content-Type: image/png\r\n\r\n\n\r\n\xFF"}));
  EXPECT_FALSE(builder.has_eight_bit());
  EXPECT_TRUE(
      builder.take().ends_with("Content-Type: image/png\r\nMIME-Version: 1.0\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\nCg0K/w==\r\n"));
}

TEST(ContentBuilder, BinaryContentThatIsTextStaysAsItIs) {
  const std::string mail = join({kComplete, "\r\ncaf\xC3\xA9\r\n"});
  ContentBuilder builder = built_of_binary(mail);
  EXPECT_TRUE(builder.has_eight_bit());
  EXPECT_EQ(builder.take(), join({kReceived, mail}));
}

TEST(ContentBuilder, RefusesBinaryOctetsThatCannotBeEncoded) {
  EXPECT_EQ(built_of_binary(join({kComplete, "X: a\nBcc: b\r\n\r\n"})).fault(),
            ContentFault::BareOctet);
  ContentBuilder sealed = built_of_binary(
      join({kComplete, "Content-Type: multipart/signed; boundary=b\r\n\r\none\r\ntwo\n\r\n"}));
  EXPECT_EQ(sealed.fault(), ContentFault::BareOctet);
  EXPECT_EQ(
      sealed.fault_text(),
      "Line 2 of the body has a NUL, or a CR or LF by itself, and is in a part that is signed "
      "or may not be encoded; send the part as base64");
}

// ---- Addresses that the message may not say it is from

bool is_own(std::string_view address) { return address.ends_with("@example.com"); }

ContentBuilder bound(std::string_view content, std::string instead = "") {
  FixUps fixing = fix_ups();
  fixing.may_be_from = is_own;
  fixing.instead = std::move(instead);
  ContentBuilder builder(std::move(fixing));
  builder.append(content);
  builder.finish();
  EXPECT_EQ(builder.fault(), std::nullopt);
  return builder;
}

std::string foreign(std::string_view header) {
  const ContentBuilder builder = bound(join({header, "\r\n"}));
  const std::optional<ForeignAddress>& found = builder.foreign();
  return found ? std::string(found->field) + " " + found->address : "";
}

// The first line of the header when "us@example.com" takes the place of foreign addresses.
std::string rewritten(std::string_view header) {
  ContentBuilder builder = bound(join({header, "\r\n"}), "us@example.com");
  EXPECT_FALSE(builder.foreign());
  const std::string content = builder.take().substr(kReceived.size());
  return content.substr(0, content.find(kDate));
}

TEST(ContentBuilder, FindsTheFirstForeignAddress) {
  EXPECT_EQ(foreign("From: a@example.com\r\nSender: b@example.com\r\n"), "");
  EXPECT_EQ(foreign("From: a@example.com, x@other.example, y@other.example\r\n"),
            "From x@other.example");
  EXPECT_EQ(foreign("From: team: a@example.com, x@other.example;\r\n"), "From x@other.example");
  EXPECT_EQ(foreign("SENDER: x@other.example\r\nFrom: a@example.com\r\n"),
            "Sender x@other.example");
  EXPECT_EQ(foreign("Resent-From: x@other.example\r\nFrom: a@example.com\r\n"),
            "Resent-From x@other.example");
  EXPECT_EQ(foreign("Resent-Sender: x@other.example\r\nFrom: a@example.com\r\n"),
            "Resent-Sender x@other.example");
  EXPECT_EQ(foreign("From: a@example.com\r\nReply-To: x@other.example\r\n"), "");
}

TEST(ContentBuilder, AFieldThatIsNotClearIsForeign) {
  EXPECT_EQ(foreign("From: a@example.com, (\r\n"), "From ");
  EXPECT_EQ(foreign("From: undisclosed:;\r\n"), "From ");
  EXPECT_EQ(foreign("From: a@example.com\r\nSender: x@\r\n"), "Sender ");
  EXPECT_EQ(foreign("From: a@example.com\r\nSender: \r\n"), "");  // it names nobody
}

TEST(ContentBuilder, WithMoreAuthorsThanAnybodyHasAFieldIsNotClear) {
  std::string list = "From: a@example.com";
  for (std::size_t i = 0; i < ContentBuilder::kMaxAuthors; ++i) list += ",\r\n a@example.com";
  EXPECT_EQ(foreign(list + "\r\n"), "From ");
}

TEST(ContentBuilder, ReplacesForeignAddressesAndKeepsTheirNames) {
  EXPECT_EQ(rewritten("From: a@example.com\r\n"), "From: a@example.com\r\n");
  EXPECT_EQ(rewritten("From: x@other.example\r\n"), "From: us@example.com\r\n");
  EXPECT_EQ(rewritten("From: \"X, Y\" <x@other.example> (note)\r\n"),
            "From: \"X, Y\" <us@example.com> (note)\r\n");
  EXPECT_EQ(rewritten("From: A <a@example.com>,\r\n X <x@other.example>\r\n"),
            "From: A <a@example.com>,\r\n X <us@example.com>\r\n");
  EXPECT_EQ(rewritten("From: team: x@other.example, A <a@example.com>;\r\n"),
            "From: team: us@example.com, A <a@example.com>;\r\n");
  EXPECT_EQ(rewritten("From: x@other.example <x@other.example>\r\n"), "From: <us@example.com>\r\n");
  EXPECT_EQ(rewritten("From: X <@a.example:x@other.example>\r\n"), "From: X <us@example.com>\r\n");
  EXPECT_EQ(rewritten("From: a@example.com\r\nSender: x@\r\n"),
            "From: a@example.com\r\nSender: <us@example.com>\r\n");
}

TEST(ContentBuilder, TheDomainOfARewrittenFromIsTheNewOne) {
  const ContentBuilder builder = bound("From: x@other.example\r\n\r\n", "us@example.com");
  EXPECT_EQ(builder.from_domain(), "example.com");
  EXPECT_EQ(builder.from_address(), "us@example.com");
}

}  // namespace
}  // namespace signpost::message
