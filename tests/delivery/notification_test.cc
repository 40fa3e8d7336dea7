#include "delivery/notification.h"

#include "delivery/report_limits.h"

#include <gtest/gtest.h>

namespace signpost::delivery {
namespace {

using testing::Test;

class NotificationTest : public Test {
 protected:
  NotificationTest() {
    auto config = std::make_shared<config::Config>();
    config->hostname = "mail.shop.example";
    config->postmaster = "postmaster@shop.example";
    settings_.config = config;
    settings_.retry.delays = {std::chrono::minutes(1)};
    settings_.retry.expire = std::chrono::hours(48);
    envelope_.reverse_path = smtp::Mailbox::from_text("orders@shop.example");
    envelope_.received = SystemTime(std::chrono::hours(24 * 365 * 50));
    envelope_.envelope_id = "envid-7";
  }

  static std::shared_ptr<const auth::Users> users() {
    const std::string password =
        "password = \"{ARGON2ID}$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2g\"\n";
    auto users = auth::Users::parse("[shop]\nsenders = [\"@shop.example\"]\n" + password +
                                        "[tenant]\ntenant = \"acme\"\n" + password + "[unbound]\n" +
                                        password + "[anything]\nsenders = [\"@*\"]\n" + password,
                                    "users.toml");
    return users.value();
  }
  SystemTime now() const { return envelope_.received + std::chrono::hours(5); }
  Notifications notifications() const { return Notifications(envelope_, settings_, now()); }
  std::vector<Notifications::Report> build(const Notifications& of) {
    return of.build("From: <orders@shop.example>\r\nSubject: hello\r\n\r\nsecret body\r\n", [this] {
      queue::MessageId id;
      id.octets[9] = next_++;
      return id;
    });
  }
  static queue::Recipient recipient(std::uint8_t notify = smtp::Notify::kUnspecified) {
    return {smtp::Mailbox::from_text("nobody@example.net"), {notify}, "rfc822;nobody@example.net"};
  }
  // The next hop knows DSN and DELIVERBY, or not.
  static AttemptFacts to_mx(bool dsn = false, bool deliver_by = false) {
    AttemptFacts facts;
    facts.mx = "mx.example.net";
    facts.dsn_handed_on = dsn;
    facts.deadline_handed_on = deliver_by;
    return facts;
  }
  static Disposition delivered() { return {Outcome::Delivered, {250, {2, 0, 0}, "ok"}}; }
  // How many recipients of each kind are reported as relayed: NOTIFY not given, SUCCESS, FAILURE
  // and NEVER.
  std::string relayed(const AttemptFacts& facts) {
    std::string who;
    for (const auto& [name, bits] : {std::pair{'-', smtp::Notify::kUnspecified},
                                     {'S', smtp::Notify::kSuccess},
                                     {'F', smtp::Notify::kFailure},
                                     {'N', smtp::Notify::kNever}}) {
      auto collected = notifications();
      collected.relayed(recipient(bits), delivered(), facts);
      if (collected.any()) who += name;
    }
    return who;
  }
  static Disposition unknown_user() { return {Outcome::Failed, {550, {5, 1, 1}, "no such user"}}; }

  relay::Settings settings_;
  queue::Envelope envelope_;
  std::uint8_t next_ = 1;
};

TEST_F(NotificationTest, TheStatusFitsTheActionWhateverTheReceiverSays) {
  auto collected = notifications();
  collected.failed(recipient(), {Outcome::Failed, {550, {4, 2, 2}, "full"}}, "mx", false);
  collected.failed(recipient(), {Outcome::Failed, {550, {}, "no"}}, "mx", false);
  collected.failed(recipient(), {Outcome::Delayed, {450, {4, 2, 2}, "full"}}, "mx", true);
  collected.failed(recipient(), {Outcome::Delayed, {450, {}, "later"}}, "mx", true);
  collected.delayed(recipient(smtp::Notify::kDelay), {Outcome::Delayed, {450, {5, 1, 1}, "later"}},
                    "mx");
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 2u);
  const auto statuses = [](const Notifications::Report& report) {
    std::string found;
    std::string_view rest = report.enqueued.message->content;
    for (std::size_t at; (at = rest.find("\r\nStatus: ")) != std::string_view::npos;) {
      rest.remove_prefix(at + 10);
      found.append(rest.substr(0, 5)).append(" ");
    }
    return found;
  };
  EXPECT_EQ(statuses(reports[0]), "5.2.2 5.0.0 4.2.2 4.4.7 ");
  EXPECT_EQ(statuses(reports[1]), "4.1.1 ");
}

TEST_F(NotificationTest, AFailureIsReportedToTheReversePathFromTheNullReversePath) {
  auto collected = notifications();
  collected.failed(recipient(), unknown_user(), "mx.example.net", false);
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  const queue::Envelope& envelope = reports[0].enqueued.message->envelope;
  EXPECT_EQ(reports[0].action, message::Action::Failed);
  EXPECT_FALSE(envelope.reverse_path);
  EXPECT_TRUE(envelope.notification);
  EXPECT_EQ(envelope.from_domain, "shop.example");
  EXPECT_EQ(envelope.size, reports[0].enqueued.message->content.size());
  ASSERT_EQ(reports[0].enqueued.jobs.size(), 1u);
  EXPECT_EQ(reports[0].enqueued.jobs[0].lane.domain, "shop.example");
  EXPECT_EQ(reports[0].enqueued.jobs[0].lane.account, "@");
  EXPECT_EQ(reports[0].enqueued.jobs[0].recipients[0].mailbox.text(), "orders@shop.example");
  const std::string& content = reports[0].enqueued.message->content;
  for (const char* part :
       {"Action: failed", "Status: 5.1.1", "mx.example.net", "no such user", "envid-7",
        "Original-Recipient: rfc822;nobody@example.net", "Auto-Submitted: auto-replied"}) {
    EXPECT_NE(content.find(part), std::string::npos) << part << "\n" << content;
  }
}

// The sender's server may not know SMTPUTF8, and then nobody would learn of the failure.
TEST_F(NotificationTest, ASenderInAsciiGetsAReportWithoutSmtputf8) {
  envelope_.smtputf8 = true;
  auto collected = notifications();
  queue::Recipient utf8 = recipient();
  utf8.mailbox = smtp::Mailbox::from_text("\xC3\xBC@example.net");
  collected.failed(utf8, unknown_user(), "mx.example.net", false);
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_FALSE(reports[0].enqueued.message->envelope.smtputf8);
  const std::string& content = reports[0].enqueued.message->content;
  EXPECT_TRUE(content.contains("Content-Type: message/delivery-status\r\n")) << content;
  EXPECT_TRUE(content.contains("Final-Recipient: utf-8; \\x{FC}@example.net\r\n")) << content;
}

TEST_F(NotificationTest, ASenderThatNeedsSmtputf8GetsTheFormsOfRfc6533) {
  envelope_.reverse_path = smtp::Mailbox::from_text("j\xC3\xB6rg@shop.example");
  auto collected = notifications();
  collected.failed(recipient(), unknown_user(), "mx.example.net", false);
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_TRUE(reports[0].enqueued.message->envelope.smtputf8);
  EXPECT_TRUE(reports[0].enqueued.message->content.contains(
      "Content-Type: message/global-delivery-status\r\n"));
}

TEST_F(NotificationTest, NothingAnswersTheNullReversePath) {
  envelope_.reverse_path.reset();
  auto collected = notifications();
  collected.failed(recipient(), unknown_user(), "", false);
  collected.failed(recipient(), unknown_user(), "", false);
  EXPECT_TRUE(collected.any());
  ReportLimits limits;
  collected.limit([&](message::Action action) {
    return limits.refuse(envelope_, action, settings_.config->bounces, SteadyTime{});
  });
  EXPECT_FALSE(collected.any()) << "nothing is built, so nothing is read for it";
  EXPECT_TRUE(build(collected).empty());
  const auto& dropped = collected.dropped();
  ASSERT_EQ(dropped.size(), 1u) << "one for the whole report that is lost";
  EXPECT_EQ(dropped[0].action, message::Action::Failed);
  EXPECT_EQ(dropped[0].recipient, "nobody@example.net");
  EXPECT_EQ(dropped[0].reason, relay::DropReason::NullSender);
}

TEST_F(NotificationTest, ReportedRecipientsAreNotCountedAsDropped) {
  auto collected = notifications();
  EXPECT_FALSE(collected.any());
  collected.failed(recipient(), unknown_user(), "", false);
  collected.limit([](message::Action) { return std::nullopt; });
  EXPECT_TRUE(collected.any());
  EXPECT_TRUE(collected.dropped().empty());
}

TEST_F(NotificationTest, NotifyNeverIsKept) {
  auto collected = notifications();
  collected.failed(recipient(smtp::Notify::kNever), unknown_user(), "", false);
  collected.failed(recipient(smtp::Notify::kSuccess), unknown_user(), "", false);
  collected.delayed(recipient(smtp::Notify::kFailure), unknown_user(), "");
  EXPECT_TRUE(build(collected).empty());
}

TEST_F(NotificationTest, SuccessIsReportedOnlyWhenAskedFor) {
  auto collected = notifications();
  const Disposition delivered{Outcome::Delivered, {250, {2, 0, 0}, "ok"}};
  collected.relayed(recipient(), delivered, to_mx());
  EXPECT_TRUE(build(collected).empty());
  collected.relayed(recipient(smtp::Notify::kSuccess), delivered, to_mx());
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].enqueued.message->content.find("Action: relayed"), std::string::npos);
}

TEST_F(NotificationTest, SuccessIsReportedWhereTheNextHopDoesNot) {
  EXPECT_EQ(relayed(to_mx(false)), "S");
  EXPECT_EQ(relayed(to_mx(true)), "");
}

// RFC 2852.
TEST_F(NotificationTest, ADeadlineThatTheNextHopIgnoresIsReportedToAllButNever) {
  envelope_.deadline = queue::Deadline{now(), smtp::DeliverBy::Mode::Notify};
  EXPECT_EQ(relayed(to_mx(true, false)), "-SF");
  EXPECT_EQ(relayed(to_mx(true, true)), "");
  envelope_.deadline->mode = smtp::DeliverBy::Mode::Return;
  EXPECT_EQ(relayed(to_mx(true, true)), "");
  envelope_.deadline->trace = true;
  EXPECT_EQ(relayed(to_mx(true, true)), "-SF") << "each relay reports";
}

TEST_F(NotificationTest, ADelayBeyondADeadlineIsReportedToAllButNever) {
  envelope_.deadline = queue::Deadline{now(), smtp::DeliverBy::Mode::Notify};
  const Disposition later{Outcome::Delayed, {450, {4, 2, 1}, "later"}};
  auto collected = notifications();
  collected.delayed(recipient(smtp::Notify::kNever), later, "mx");
  EXPECT_FALSE(collected.any());
  collected.delayed(recipient(smtp::Notify::kFailure), later, "mx");
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  const std::string& content = reports[0].enqueued.message->content;
  EXPECT_TRUE(content.contains("Action: delayed")) << content;
  EXPECT_TRUE(content.contains("Deliver-By-Date: ")) << content;
}

TEST_F(NotificationTest, AMessageThatIsReturnedAtItsDeadlineSaysSo) {
  envelope_.deadline = queue::Deadline{now(), smtp::DeliverBy::Mode::Return};
  auto collected = notifications();
  collected.failed(recipient(), local(Outcome::Failed, {4, 4, 1}, "connection refused"), "", true);
  const std::string content = build(collected).at(0).enqueued.message->content;
  EXPECT_TRUE(content.contains("Status: 5.4.7")) << content;
  EXPECT_TRUE(content.contains("as its sender wanted")) << content;
}

TEST_F(NotificationTest, WhatWasHeldSaysWhatWasAskedFor) {
  const auto request = [this] {
    auto collected = notifications();
    collected.failed(recipient(), unknown_user(), "", false);
    const std::string content = build(collected).at(0).enqueued.message->content;
    const std::size_t at = content.find("Future-Release-Request: ");
    return at == std::string::npos ? "" : content.substr(at + 24, content.find('\r', at) - at - 24);
  };
  EXPECT_EQ(request(), "");
  envelope_.release = envelope_.received + std::chrono::hours(1);
  EXPECT_EQ(request(), "until;2019-12-20T01:00:00Z");
  envelope_.held_for = true;
  EXPECT_EQ(request(), "for;3600");
}

TEST_F(NotificationTest, OneReportForAllRecipientsOfAKind) {
  auto collected = notifications();
  collected.failed(recipient(), unknown_user(), "", false);
  collected.failed(recipient(), unknown_user(), "", false);
  collected.delayed(recipient(), local(Outcome::Delayed, {4, 4, 1}, "refused"), "");
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].action, message::Action::Failed);
  EXPECT_EQ(reports[1].action, message::Action::Delayed);
  EXPECT_NE(reports[0].enqueued.message->envelope.id, reports[1].enqueued.message->envelope.id);
}

TEST_F(NotificationTest, AnExpiredMessageSaysForHowLongItWasTried) {
  auto collected = notifications();
  collected.failed(recipient(), local(Outcome::Failed, {4, 4, 1}, "connection refused"), "", true);
  const auto reports = build(collected);
  ASSERT_EQ(reports.size(), 1u);
  const std::string& content = reports[0].enqueued.message->content;
  EXPECT_NE(content.find("2 days"), std::string::npos) << content;
  EXPECT_NE(content.find("connection refused"), std::string::npos) << content;
}

TEST_F(NotificationTest, ReturnsTheBodyOnlyWhenTheSenderAskedForIt) {
  auto headers_only = notifications();
  headers_only.failed(recipient(), unknown_user(), "", false);
  EXPECT_EQ(build(headers_only)[0].enqueued.message->content.find("secret body"),
            std::string::npos);
  envelope_.ret = smtp::Return::Full;
  auto unproven = notifications();
  unproven.failed(recipient(), unknown_user(), "", false);
  EXPECT_EQ(build(unproven)[0].enqueued.message->content.find("secret body"), std::string::npos)
      << "no login stands for the sender";
  settings_.users = users();
  for (const auto* login : {"unbound", "anything", "uid:1000"}) {
    envelope_.login = login;
    auto forged = notifications();
    forged.failed(recipient(), unknown_user(), "", false);
    EXPECT_EQ(build(forged)[0].enqueued.message->content.find("secret body"), std::string::npos)
        << login << " may use addresses of others";
  }
  for (const auto* login : {"shop", "tenant"}) {
    envelope_.login = login;
    auto full = notifications();
    full.failed(recipient(), unknown_user(), "", false);
    EXPECT_NE(build(full)[0].enqueued.message->content.find("secret body"), std::string::npos)
        << login;
  }
  auto config = std::make_shared<config::Config>(*settings_.config);
  config->bounces.content = 10;
  settings_.config = config;
  auto large = notifications();
  large.failed(recipient(), unknown_user(), "", false);
  EXPECT_EQ(build(large)[0].enqueued.message->content.find("secret body"), std::string::npos)
      << "larger than bounces.content";
}

TEST_F(NotificationTest, SettlementsOfOneMessageShareAReport) {
  auto one = notifications();
  one.failed(recipient(), unknown_user(), "mx.a.example", false);
  one.relayed(recipient(smtp::Notify::kSuccess), {Outcome::Delivered, {250, {2, 0, 0}, "ok"}},
              to_mx());
  EXPECT_TRUE(one.take_relayed().any());
  auto other = notifications();
  other.failed(recipient(), unknown_user(), "mx.b.example", false);
  one.add(std::move(other));
  const auto reports = build(one);
  ASSERT_EQ(reports.size(), 1u);
  const std::string& content = reports[0].enqueued.message->content;
  EXPECT_NE(content.find("mx.a.example"), std::string::npos);
  EXPECT_NE(content.find("mx.b.example"), std::string::npos);
}

}  // namespace
}  // namespace signpost::delivery
