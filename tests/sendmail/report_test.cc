#include "sendmail/report.h"

#include "message/header_section.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace signpost::sendmail {
namespace {

constexpr SystemTime kNow{std::chrono::seconds(1795465450)};
const ReportingServer kServer{"relay.example", "postmaster@relay.example"};
const std::vector<Outcome::Refusal> kRefused{
    {"b@[192.0.2.1]", "550 5.1.2 Mail to address literals is not accepted"},
    {"c@b.example", "552 No, not until 5.1.1"}};

Letter letter() {
  return {.sender = "shop@shop.example",
          .recipients = {"b@[192.0.2.1]", "c@b.example", "d@b.example"},
          .notify = {},
          .envelope_id = "QQ314",
          .content = "Subject: Your order\r\n\r\nThank you.\r\n"};
}

Letter report(const Letter& about) {
  return report_on(about, kRefused, kServer, kNow).value_or(Letter{});
}

std::string field(const Letter& of, std::string_view name) {
  const auto section = message::HeaderSection::parse(of.content);
  const auto* found = section.first(name);
  return found == nullptr ? "" : message::unfold(found->value);
}

TEST(Report, TheSenderLearnsWhoDidNotGetIt) {
  const Letter made = report(letter());
  EXPECT_EQ(made.sender, "");
  EXPECT_EQ(made.recipients, std::vector<std::string>{"shop@shop.example"});
  EXPECT_EQ(made.notify.bits, smtp::Notify::kNever);
  EXPECT_EQ(field(made, "To"), "<shop@shop.example>");
  EXPECT_TRUE(field(made, "From").contains("<postmaster@relay.example>")) << made.content;
  for (const char* line :
       {"Reporting-MTA: dns; relay.example\r\n", "Original-Envelope-Id: QQ314\r\n",
        "Final-Recipient: rfc822; b@[192.0.2.1]\r\n", "Status: 5.1.2\r\n",
        "Final-Recipient: rfc822; c@b.example\r\n", "Status: 5.0.0\r\n", "Thank you.\r\n"}) {
    EXPECT_TRUE(made.content.contains(line)) << line << made.content;
  }
  EXPECT_FALSE(made.content.contains("d@b.example"));
}

// It is this server that refuses, and it has given the message no queue ID.
TEST(Report, ItSaysNothingOfOtherServersAndQueues) {
  const std::string text = report(letter()).content;
  EXPECT_FALSE(text.contains("receiving server") || text.contains("recipient's mail server"))
      << text;
  EXPECT_FALSE(text.contains("ueue ID") || text.contains("Queue-ID")) << text;
}

TEST(Report, OnlyTheHeaderComesBackIfThatIsWantedOrTheContentIsLarge) {
  Letter headers = letter();
  headers.ret = smtp::Return::Headers;
  Letter large = letter();
  large.content += std::string(200 << 10, 'x');
  for (const Letter& each : {headers, large}) {
    const Letter made = report(each);
    EXPECT_TRUE(made.content.contains("Subject: Your order\r\n"));
    EXPECT_FALSE(made.content.contains("Thank you.\r\n"));
  }
}

TEST(Report, NobodyIsToldWhoDoesNotWantTo) {
  Letter never = letter();
  never.notify.bits = smtp::Notify::kNever;
  EXPECT_FALSE(report_on(never, kRefused, kServer, kNow));
  never.notify.bits = smtp::Notify::kSuccess;
  EXPECT_FALSE(report_on(never, kRefused, kServer, kNow));
  Letter nobody = letter();
  nobody.sender = "";
  EXPECT_FALSE(report_on(nobody, kRefused, kServer, kNow)) << "a report on a report";
}

}  // namespace
}  // namespace signpost::sendmail
