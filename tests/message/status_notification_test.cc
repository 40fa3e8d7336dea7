#include "message/status_notification.h"

#include "base/ascii.h"
#include "message/encoded_word.h"
#include "message/header_section.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::message {
namespace {

constexpr std::string_view kOriginal =
    "Received: by relay.example; Mon, 23 Nov 2026 20:24:10 +0000\r\n"
    "From: sender@example.com\r\n"
    "Message-ID: <1@example.com>\r\n"
    "Subject: hello\r\n"
    "\r\n"
    "The body.\r\n";

NotifiedRecipient failed_recipient() {
  NotifiedRecipient recipient;
  recipient.final_recipient = "user@example.net";
  recipient.status = "5.1.1";
  recipient.remote_mta = "mx.example.net";
  recipient.diagnostic = "550 5.1.1 No such user here";
  recipient.last_attempt = SystemTime(std::chrono::seconds(1795465460));
  return recipient;
}

StatusNotification failure() {
  StatusNotification out;
  out.reporting_mta = "relay.example";
  out.from = "postmaster@relay.example";
  out.to = "sender@example.com";
  out.message_id = "<report@relay.example>";
  out.boundary = "=_boundary_1";
  out.queue_id = "4XyZ";
  out.arrival = SystemTime(std::chrono::seconds(1795465450));
  out.now = SystemTime(std::chrono::seconds(1795465470));
  out.recipients = {failed_recipient()};
  out.original = kOriginal;
  return out;
}

// The report as a MIME reader takes it apart. The views point into `content`.
struct Report {
  std::string content;
  HeaderSection header;
  std::vector<std::string> parts;  // each with its own header section

  std::string_view part_body(std::size_t i) const { return HeaderSection::parse(parts[i]).body(); }
  std::string field(std::string_view name) const { return field_of(header, name); }
  std::string part_field(std::size_t i, std::string_view name) const {
    return field_of(HeaderSection::parse(parts[i]), name);
  }
  static std::string field_of(const HeaderSection& section, std::string_view name) {
    const HeaderField* found = section.first(name);
    return found == nullptr ? "(none)" : unfold(found->value);
  }
};

Report parse(const StatusNotification& notification) {
  Report report;
  report.content = build(notification);
  report.header = HeaderSection::parse(report.content);
  const std::string separator = "\r\n--" + notification.boundary;
  std::string_view body = report.header.body();
  std::size_t start = body.find(separator);
  while (start != std::string_view::npos) {
    body.remove_prefix(start + separator.size());
    if (body.starts_with("--\r\n")) {
      EXPECT_EQ(body, "--\r\n");
      break;
    }
    EXPECT_TRUE(body.starts_with("\r\n"));
    start = body.find(separator);
    EXPECT_NE(start, std::string_view::npos) << "the last boundary is missing";
    report.parts.emplace_back(body.substr(2, start - 2));
  }
  EXPECT_EQ(report.parts.size(), 3U);
  for (const auto line : ascii::split(report.content, '\n')) {
    EXPECT_LE(line.size(), 999U);  // 998 and the CR
    EXPECT_TRUE(line.empty() || line.back() == '\r');
  }
  return report;
}

// "Name: value" of the machine part: block 0 is the message, then one for each recipient.
std::string status_field(const Report& report, std::size_t block, std::string_view name) {
  std::string rest(report.part_body(1));
  for (std::size_t i = 0; i < block; ++i) rest = HeaderSection::parse(rest).body();
  return Report::field_of(HeaderSection::parse(rest), name);
}

TEST(StatusNotification, HeaderSaysWhatItIs) {
  const Report report = parse(failure());
  EXPECT_EQ(report.field("From"), "Mail Delivery System <postmaster@relay.example>");
  EXPECT_EQ(report.field("To"), "<sender@example.com>");
  EXPECT_EQ(report.field("Subject"), "Not delivered to user@example.net: hello");
  EXPECT_EQ(report.field("Date"), "Mon, 23 Nov 2026 20:24:30 +0000");
  EXPECT_EQ(report.field("Message-ID"), "<report@relay.example>");
  EXPECT_EQ(report.field("Auto-Submitted"), "auto-replied");
  EXPECT_EQ(report.field("MIME-Version"), "1.0");
  EXPECT_EQ(report.field("In-Reply-To"), "<1@example.com>");
  EXPECT_EQ(report.field("References"), "<1@example.com>");
  EXPECT_EQ(report.field("Content-Transfer-Encoding"), "7bit");
  EXPECT_TRUE(
      report.field("Content-Type").starts_with("multipart/report; report-type=delivery-status;"));
  EXPECT_TRUE(report.field("Content-Type").ends_with("boundary=\"=_boundary_1\""));
  EXPECT_EQ(first_domain(report.field("From")), "relay.example");
}

TEST(StatusNotification, MachinePartOfAFailure) {
  StatusNotification notification = failure();
  notification.envelope_id = "QQ314159";
  notification.recipients[0].original_recipient = "rfc822;User@Example.org";
  const Report report = parse(notification);
  EXPECT_EQ(report.part_field(1, "Content-Type"), "message/delivery-status");
  EXPECT_EQ(report.part_body(1),
            "Original-Envelope-Id: QQ314159\r\n"
            "Reporting-MTA: dns; relay.example\r\n"
            "X-Signpost-Queue-ID: 4XyZ\r\n"
            "Arrival-Date: Mon, 23 Nov 2026 20:24:10 +0000\r\n"
            "\r\n"
            "Original-Recipient: rfc822;User@Example.org\r\n"
            "Final-Recipient: rfc822; user@example.net\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n"
            "Remote-MTA: dns; mx.example.net\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
            "Last-Attempt-Date: Mon, 23 Nov 2026 20:24:20 +0000\r\n");
}

TEST(StatusNotification, WishesAboutTimeAreInTheMachinePart) {
  StatusNotification notification = failure();
  EXPECT_EQ(status_field(parse(notification), 0, "Deliver-By-Date"), "(none)");
  EXPECT_EQ(status_field(parse(notification), 0, "Future-Release-Request"), "(none)");
  notification.deliver_by = SystemTime(std::chrono::seconds(1795465460));
  notification.hold = "for;3600";
  const Report report = parse(notification);
  EXPECT_EQ(status_field(report, 0, "Deliver-By-Date"), "Mon, 23 Nov 2026 20:24:20 +0000");
  EXPECT_EQ(status_field(report, 0, "Future-Release-Request"), "for;3600");
}

TEST(StatusNotification, HumanPartQuotesTheServerAndSaysWhatToDo) {
  const Report report = parse(failure());
  const std::string text(report.part_body(0));
  EXPECT_EQ(report.part_field(0, "Content-Type"), "text/plain; charset=us-ascii");
  EXPECT_TRUE(text.contains("could not be delivered")) << text;
  EXPECT_TRUE(text.contains("<user@example.net>\r\n")) << text;
  EXPECT_TRUE(text.contains("The server mx.example.net answered:\r\n")) << text;
  EXPECT_TRUE(text.contains("        550 5.1.1 No such user here\r\n")) << text;
  EXPECT_TRUE(text.contains("What you can do: Please check the address")) << text;
  EXPECT_TRUE(text.contains("4XyZ")) << text;
  for (const auto line : ascii::split(text, '\n')) EXPECT_LE(line.size(), 74U) << line;
}

// However the lines are wrapped.
std::string advice_to(NotifiedRecipient recipient) {
  StatusNotification notification = failure();
  notification.recipients[0] = std::move(recipient);
  const Report report = parse(notification);
  std::string words;
  for (const auto line : ascii::split(report.part_body(0), '\n')) {
    words.append(ascii::trim(line)).append(" ");
  }
  return words.substr(words.find("What you can do"));
}

// Mail that has expired after a reply that gave no reason.
TEST(StatusNotification, WhoAnsweredWasReached) {
  NotifiedRecipient recipient = failed_recipient();
  for (const char* status : {"4.4.7", "4.4.1", "4.4.2", "5.4.0", "5.4.7"}) {
    recipient.status = status;
    recipient.diagnostic = "450 5.2.2 hm";
    recipient.explanation.clear();
    EXPECT_TRUE(advice_to(recipient).contains("answered but did not accept")) << status;
    recipient.explanation = "not delivered within 5 days";
    const bool deadline = recipient.status == "5.4.7";
    EXPECT_TRUE(advice_to(recipient).contains(deadline ? "by a certain time" : "did not accept"));
    recipient.diagnostic.clear();
    EXPECT_TRUE(
        advice_to(recipient).contains(deadline ? "by a certain time" : "could not be reached"))
        << status;
  }
}

TEST(StatusNotification, AdviceFollowsTheStatus) {
  const auto advice = [](std::string status) {
    NotifiedRecipient recipient = failed_recipient();
    recipient.status = std::move(status);
    return advice_to(std::move(recipient));
  };
  EXPECT_TRUE(advice("5.1.2").contains("after the @ sign"));
  EXPECT_TRUE(advice("5.1.10").contains("after the @ sign"));
  EXPECT_TRUE(advice("5.1.1").contains("typing mistakes. If it"));
  EXPECT_TRUE(advice("5.2.2").contains("recipient's mailbox is full"));
  EXPECT_TRUE(advice("5.3.4").contains("larger than"));
  EXPECT_TRUE(advice("5.4.1").contains("typing mistakes"));
  EXPECT_TRUE(advice("5.4.4").contains("after the @ sign"));
  EXPECT_TRUE(advice("5.4.6").contains("in a loop"));
  EXPECT_TRUE(advice("5.6.7").contains("not ASCII"));
  EXPECT_TRUE(advice("5.7.1").contains("its own rules"));
  EXPECT_TRUE(advice("5.7.27").contains("sender"));
  for (const char* status : {"", "5", "5.0.0", "nonsense", "5.99.99"}) {
    EXPECT_TRUE(advice(status).contains("words above")) << status;
  }
}

TEST(StatusNotification, TheSubjectDistinguishesReports) {
  const auto subject = [](std::string_view original, std::size_t recipients = 1,
                          bool utf8 = false) {
    StatusNotification notification = failure();
    notification.recipients.resize(recipients, failed_recipient());
    const std::string content = std::string(original) + "From: a@b.example\r\n\r\n";
    notification.original = content;
    notification.smtputf8 = utf8;
    return parse(notification).field("Subject");
  };
  EXPECT_EQ(subject(""), "Not delivered to user@example.net");
  EXPECT_EQ(subject("Subject: Your\r\n order\t 7\r\n", 3),
            "Not delivered to user@example.net and 2 more: Your order 7");
  EXPECT_EQ(subject("Subject: =?utf-8?Q?Caf=C3=A9?= =?utf-8?Q?s?=\r\n"),
            "Not delivered to user@example.net: =?utf-8?Q?Caf=C3=A9?= =?utf-8?Q?s?=");
  EXPECT_EQ(subject("Subject: Caf\xC3\xA9\r\n"),
            "Not delivered to user@example.net: =?utf-8?B?Q2Fmw6k=?=");
  EXPECT_EQ(subject("Subject: Caf\xC3\xA9\r\n", 1, true),
            "Not delivered to user@example.net: Caf\xC3\xA9");
  EXPECT_EQ(subject("Subject: Caf\xE9\r\n"),
            "Not delivered to user@example.net: =?utf-8?B?Q2Fmw6k=?=");
  EXPECT_EQ(subject("Subject: Caf\xE9\r\n", 1, true),
            "Not delivered to user@example.net: Caf\xC3\xA9");
  EXPECT_EQ(subject("Subject: \xC3\xA9 =?utf-8?Q?s?=\x01\r\n"),
            "Not delivered to user@example.net: " + encoded_words("\xC3\xA9 ") + " =?utf-8?Q?s?=");
  EXPECT_EQ(subject("Subject: " + std::string(170, 'x') + " =?utf-8?B?" + std::string(40, 'A') +
                    "?=\r\n"),
            "Not delivered to user@example.net: " + std::string(170, 'x') + " ...");
}

TEST(StatusNotification, OurOwnWordsAreNotAttributedToAServer) {
  StatusNotification notification = failure();
  notification.recipients[0].status = "4.7.5";
  notification.recipients[0].diagnostic = "";
  notification.recipients[0].explanation = "not delivered within 5 days; last error: no TLS";
  const Report report = parse(notification);
  EXPECT_FALSE(report.part_body(0).contains("answered"));
  EXPECT_FALSE(report.part_body(0).contains("own rules")) << report.part_body(0);
  EXPECT_TRUE(status_field(report, 1, "Diagnostic-Code").starts_with("x-signpost; "));
}

TEST(StatusNotification, ACodeWithoutWordsIsNotQuotedAsASentence) {
  StatusNotification notification = failure();
  notification.recipients[0].diagnostic = "550 5.1.1";
  const Report report = parse(notification);
  EXPECT_TRUE(report.part_body(0).contains(
      "The server mx.example.net answered 550 5.1.1 and gave no reason.\r\n"))
      << report.part_body(0);
  EXPECT_FALSE(report.part_body(0).contains("answered:"));
  EXPECT_EQ(status_field(report, 1, "Diagnostic-Code"), "smtp; 550 5.1.1");
}

TEST(StatusNotification, OurOwnReasonWhenNoServerSpoke) {
  StatusNotification notification = failure();
  notification.recipients[0].diagnostic = "";
  notification.recipients[0].remote_mta = "";
  notification.recipients[0].explanation = "the domain does not exist";
  const Report report = parse(notification);
  EXPECT_TRUE(report.part_body(0).contains("Reason: the domain does not exist"));
  EXPECT_FALSE(report.part_body(0).contains("answered"));
  EXPECT_EQ(status_field(report, 1, "Remote-MTA"), "(none)");
  EXPECT_EQ(status_field(report, 1, "Diagnostic-Code"), "x-signpost; the domain does not exist");
}

TEST(StatusNotification, NoReasonAtAll) {
  StatusNotification notification = failure();
  notification.recipients[0].diagnostic = "";
  const Report report = parse(notification);
  EXPECT_TRUE(report.part_body(0).contains("No reason was given (status 5.1.1)."));
  EXPECT_EQ(status_field(report, 1, "Diagnostic-Code"), "(none)");
}

TEST(StatusNotification, ADelaySaysThatNothingNeedsToBeDone) {
  StatusNotification notification = failure();
  NotifiedRecipient& recipient = notification.recipients[0];
  recipient.action = Action::Delayed;
  recipient.status = "4.4.1";
  recipient.will_retry_until = SystemTime(std::chrono::seconds(1795897450));
  const Report report = parse(notification);
  EXPECT_TRUE(report.field("Subject").contains("delayed"));
  EXPECT_TRUE(report.part_body(0).contains("do not need to send")) << report.part_body(0);
  EXPECT_FALSE(report.part_body(0).contains("What you can do"));
  EXPECT_TRUE(report.part_body(0).contains("28 Nov 2026"));
  EXPECT_EQ(status_field(report, 1, "Action"), "delayed");
  EXPECT_EQ(status_field(report, 1, "Will-Retry-Until"), "Sat, 28 Nov 2026 20:24:10 +0000");
}

TEST(StatusNotification, ASuccessNamesTheServerThatAccepted) {
  StatusNotification notification = failure();
  notification.recipients[0].action = Action::Relayed;
  notification.recipients[0].status = "2.0.0";
  notification.recipients[0].diagnostic = "250 2.0.0 Ok";
  notification.recipients[0].will_retry_until = notification.now;
  const Report report = parse(notification);
  EXPECT_TRUE(report.part_body(0).contains("Accepted by mx.example.net."));
  EXPECT_EQ(status_field(report, 1, "Action"), "relayed");
  EXPECT_EQ(status_field(report, 1, "Will-Retry-Until"), "(none)");
}

TEST(StatusNotification, OneBlockForEachRecipient) {
  StatusNotification notification = failure();
  notification.recipients.push_back(failed_recipient());
  notification.recipients[1].final_recipient = "other@example.net";
  notification.recipients[1].status = "5.2.2";
  const Report report = parse(notification);
  EXPECT_EQ(status_field(report, 1, "Final-Recipient"), "rfc822; user@example.net");
  EXPECT_EQ(status_field(report, 2, "Final-Recipient"), "rfc822; other@example.net");
  EXPECT_EQ(status_field(report, 2, "Status"), "5.2.2");
  EXPECT_TRUE(report.part_body(0).contains("<other@example.net>"));
}

TEST(StatusNotification, AnInvalidStatusIsReplaced) {
  for (const char* status : {"", "5.1", "6.1.1", "5.1.1\r\nX: y", "5.1.1111", "x.y.z", "5..1"}) {
    StatusNotification notification = failure();
    notification.recipients[0].status = status;
    EXPECT_EQ(status_field(parse(notification), 1, "Status"), "5.0.0") << status;
  }
}

TEST(StatusNotification, RemoteTextCannotLeaveItsField) {
  StatusNotification notification = failure();
  NotifiedRecipient& recipient = notification.recipients[0];
  recipient.diagnostic =
      "550 x\r\n\r\n--=_boundary_1\r\nX: y\x01\x80\t" + std::string(5000, '\x02');
  recipient.remote_mta = "mx\r\nX: y";
  recipient.final_recipient = "a@b\r\n\r\nAction: delivered";
  recipient.original_recipient = "rfc822;\r\nX: y";
  notification.envelope_id = "id\r\nX: y";
  const Report report = parse(notification);
  EXPECT_EQ(status_field(report, 1, "Action"), "failed");
  EXPECT_EQ(status_field(report, 0, "X"), "(none)");
  EXPECT_EQ(status_field(report, 1, "X"), "(none)");
  EXPECT_EQ(report.part_body(1).find("\r\n\r\n"), report.part_body(1).rfind("\r\n\r\n"));
  EXPECT_TRUE(status_field(report, 1, "Diagnostic-Code")
                  .starts_with("smtp; 550 x --=_boundary_1 X: y\\x01\\x80"));
  EXPECT_LT(report.content.size(), 6000U);
}

TEST(StatusNotification, TheHeaderComesBackAlone) {
  const Report report = parse(failure());
  EXPECT_EQ(report.part_field(2, "Content-Type"), "text/rfc822-headers");
  EXPECT_EQ(report.part_body(2), kOriginal.substr(0, kOriginal.find("\r\n\r\n") + 2));
}

TEST(StatusNotification, TheWholeMessageComesBackWhenAskedFor) {
  StatusNotification notification = failure();
  notification.return_full = true;
  const Report report = parse(notification);
  EXPECT_EQ(report.part_field(2, "Content-Type"), "message/rfc822");
  EXPECT_EQ(report.part_body(2), kOriginal);
  EXPECT_TRUE(report.part_body(0).contains("your message.\r\n"));
}

TEST(StatusNotification, ALargeMessageComesBackAsItsHeader) {
  StatusNotification notification = failure();
  notification.return_full = true;
  std::string original(kOriginal);
  while (original.size() <= 1 << 20) original += std::string(70, 'x') + "\r\n";
  notification.original = original;
  EXPECT_EQ(parse(notification).part_field(2, "Content-Type"), "text/rfc822-headers");
}

TEST(StatusNotification, OverlongLinesDoNotComeBack) {
  StatusNotification notification = failure();
  notification.return_full = true;
  const std::string original =
      "A: 1\r\nLong: " + std::string(2000, 'x') + "\r\nB: 2\r\n\r\nbody\r\n";
  notification.original = original;
  const Report report = parse(notification);
  EXPECT_EQ(report.part_field(2, "Content-Type"), "text/rfc822-headers");
  EXPECT_EQ(report.part_body(2), "A: 1\r\nB: 2\r\n");
}

TEST(StatusNotification, TheReturnedHeaderIsBounded) {
  StatusNotification notification = failure();
  std::string original(kOriginal.substr(0, kOriginal.find("\r\n\r\n") + 2));
  for (int i = 0; i < 2000; ++i) original += "X: " + std::string(70, 'x') + "\r\n";
  notification.original = original;
  const Report report = parse(notification);
  EXPECT_LE(report.part_body(2).size(), 64U << 10);
  EXPECT_GT(report.part_body(2).size(), 60U << 10);
  EXPECT_TRUE(report.part_body(2).ends_with("x\r\n"));
}

TEST(StatusNotification, AnEightBitHeaderIsReturnedInAscii) {
  StatusNotification notification = failure();
  const std::string original = "From: a@example.com\r\nSubject: K\xF6ln\r\n\r\nb\xF6\r\n";
  notification.original = original;
  const Report report = parse(notification);
  EXPECT_TRUE(ascii::is_ascii(report.content));
  EXPECT_EQ(report.field("Content-Transfer-Encoding"), "7bit");
  EXPECT_EQ(report.part_field(0, "Content-Transfer-Encoding"), "7bit");
  EXPECT_EQ(report.part_field(2, "Content-Transfer-Encoding"), "quoted-printable");
  EXPECT_EQ(report.part_field(2, "Content-Type"), "text/rfc822-headers");
  EXPECT_TRUE(report.part_body(2).contains("Subject: K=F6ln\r\n")) << report.part_body(2);
}

TEST(StatusNotification, AnEightBitContentMakesAnEightBitReport) {
  StatusNotification notification = failure();
  notification.original = "From: a@example.com\r\nSubject: Koeln\r\n\r\nb\xF6\r\n";
  notification.return_full = true;
  const Report report = parse(notification);
  EXPECT_EQ(report.field("Content-Transfer-Encoding"), "8bit");
  EXPECT_EQ(report.part_field(2, "Content-Transfer-Encoding"), "8bit");
  EXPECT_EQ(report.part_field(2, "Content-Type"), "message/rfc822");
}

TEST(StatusNotification, FormsOfRfc6533) {
  StatusNotification notification = failure();
  notification.smtputf8 = true;
  notification.to = "j\xC3\xB6rg@example.com";
  notification.recipients[0].final_recipient = "\xCF\x80@example.net";
  notification.recipients[0].original_recipient = "utf-8;\xCF\x80@example.net";
  notification.recipients[0].diagnostic = "550 nicht m\xC3\xB6glich";
  const std::string original = "From: j\xC3\xB6rg@example.com\r\n\r\nbody\r\n";
  notification.original = original;
  const Report report = parse(notification);
  EXPECT_EQ(report.field("To"), "<j\xC3\xB6rg@example.com>");
  EXPECT_EQ(report.field("Content-Transfer-Encoding"), "8bit");
  EXPECT_EQ(report.part_field(0, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(report.part_field(1, "Content-Type"), "message/global-delivery-status");
  EXPECT_EQ(status_field(report, 1, "Final-Recipient"), "utf-8; \xCF\x80@example.net");
  EXPECT_EQ(status_field(report, 1, "Original-Recipient"), "utf-8; \xCF\x80@example.net");
  EXPECT_EQ(status_field(report, 1, "Diagnostic-Code"), "smtp; 550 nicht m\xC3\xB6glich");
  EXPECT_EQ(report.part_field(2, "Content-Type"), "message/global-headers");
  notification.return_full = true;
  EXPECT_EQ(parse(notification).part_field(2, "Content-Type"), "message/global");
}

TEST(StatusNotification, Utf8AddressesInAsciiForTheOldForms) {
  StatusNotification notification = failure();
  notification.recipients[0].final_recipient = "\xCF\x80+\xF0\x9F\x93\xAE@example.net";
  const Report report = parse(notification);
  EXPECT_EQ(status_field(report, 1, "Final-Recipient"),
            "utf-8; \\x{3C0}\\x{2B}\\x{1F4EE}@example.net");
  EXPECT_EQ(report.field("Subject"),
            encoded_words("Not delivered to \xCF\x80+\xF0\x9F\x93\xAE@example.net: hello"));
  EXPECT_EQ(report.part_field(0, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(report.part_field(0, "Content-Transfer-Encoding"), "quoted-printable");
  EXPECT_TRUE(report.part_body(0).contains("<=CF=80+=F0=9F=93=AE@example.net>\r\n"));
  EXPECT_TRUE(ascii::is_ascii(report.content));
}

TEST(StatusNotification, AStrangeMessageIdIsNotReferredTo) {
  for (const std::string_view field : {"Message-ID: no brackets\r\n", "Message-ID: <a> <b>\r\n",
                                       "Message-ID: <\x80>\r\n", "Message-ID:\r\n", ""}) {
    StatusNotification notification = failure();
    const std::string original = "From: a@example.com\r\n" + std::string(field) + "\r\n";
    notification.original = original;
    EXPECT_EQ(parse(notification).field("In-Reply-To"), "(none)") << field;
  }
}

TEST(StatusNotification, AnEmptyOriginalIsSurvived) {
  StatusNotification notification = failure();
  notification.original = {};
  EXPECT_EQ(parse(notification).part_body(2), "");
}

}  // namespace
}  // namespace signpost::message
