#include "tests/submission/submission_world.h"

#include <gtest/gtest.h>

namespace signpost::submission {
namespace {

// ---- Accounts of this machine

TEST_F(SubmissionTest, AnAccountAtAUnixSocketSendsWithItsNumberForALogin) {
  const std::string account = "uid:" + std::to_string(::geteuid());
  listener_ = {};
  listener_.name = "unix:/run/submit";
  listener_.socket = "/run/submit";
  listener_.allow_users = {{"me", ::geteuid()}};
  listener_.mode = config::ListenerMode::Plain;
  listener_.auth = config::AuthMode::Off;
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1});
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  EXPECT_EQ(
      admission_.begin_session(net::IpAddress::of_account(::geteuid()), relay::ClientKind::Known),
      relay::Place::ClientFull);
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  ASSERT_EQ(intake_.messages.size(), 1U);
  const queue::Message& message = *intake_.messages[0].first;
  EXPECT_EQ(message.envelope.login, account);
  EXPECT_EQ(message.envelope.peer, account);
  EXPECT_TRUE(message.content.starts_with("Received: from localhost (" + account + ")\r\n"));
  hang_up();
  run_until_drained();
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("user=" + account + " address=" + account)) << log;
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(SubmissionTest, AnAccountThatIsNotAllowedIsToldSo) {
  if (::geteuid() == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const uid_t uid = ::geteuid();
  listener_ = {};
  listener_.name = "unix:/run/submit";
  listener_.socket = "/run/submit";
  listener_.mode = config::ListenerMode::Plain;
  listener_.auth = config::AuthMode::Off;
  connect();
  if (::getuid() == 0) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  greet();
  client_->say(kMail);
  expect("550 5.7.1 The account with uid " + std::to_string(uid) + " may not send; ");
}

// ---- Mail

TEST_F(SubmissionTest, AMessageIsStoredAcknowledgedAndHandedToDelivery) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  std::string sent_before;
  intake_.when_stored = [&] {
    char bytes[1000];
    const ssize_t size = ::recv(client_fd_, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    sent_before.assign(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(sent_before.starts_with("250 2.0.0 Ok: queued as ")) << sent_before;
  const auto& [message, jobs] = intake_.messages.at(0);
  EXPECT_TRUE(message->content.ends_with("Thank you.\r\n"));
  EXPECT_EQ(message->envelope.reverse_path->text(), "a@shop.example");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_TRUE(disk_.claims().contains(jobs[0].ref));
  EXPECT_EQ(disk_.job(jobs[0].ref).value(), jobs[0]);
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1)) << "content is still counted";
}

TEST_F(SubmissionTest, ManyMessagesGoOverOneConnection) {
  connect();
  greet();
  for (int i = 0; i < 3; ++i) {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
    expect("250 2.0.0 Ok: queued as ");
  }
  client_->say("QUIT\r\n");
  expect("221 ");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_EQ(intake_.messages.size(), 3U);
  EXPECT_EQ(metric("signpost_smtp_sessions{listener=\"127.0.0.1:587\"}"), 0);
  EXPECT_EQ(metric("signpost_smtp_sessions_total{listener=\"127.0.0.1:587\"}"), 1);
}

TEST_F(SubmissionTest, AFailedWriteIsA451AndLeavesNoClaim) {
  disk_.break_writes();
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("451 4.3.0 ");
  EXPECT_TRUE(intake_.messages.empty());
  run_until([this] { return disk_.claims().size() == 0; }, "the claims to be released");
  EXPECT_TRUE(whole_log().contains("reason=storage"));
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"storage\"}"), 1);
}

TEST_F(SubmissionTest, AMessageWhoseClientHasGoneIsDeliveredAllTheSame) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  disk_.hold(true);
  client_->say(kContent);
  run_until([this] { return disk_.claims().size() == 1; }, "the commit to begin");
  hang_up();
  disk_.hold(false);
  run_until_drained();
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 0);
  EXPECT_TRUE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, CommandsAfterTheContentWaitForTheCommit) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(std::string(kContent) + "QUIT\r\n");
  run_until([this] { return client_->closed; }, "the server to close");
  const std::string& said = client_->received;
  EXPECT_LT(said.find("250 2.0.0 Ok: queued as "), said.find("221 2.0.0 "));
  EXPECT_TRUE(said.contains("221 2.0.0 "));
}

TEST_F(SubmissionTest, ContentIsRefusedWithItsReasonAndTheSessionContinues) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("Subject: no sender\r\n\r\n.\r\nNOOP\r\n");
  expect("550 5.6.0 ");
  expect("250 2.0.0 Ok");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=content from=a@shop.example to=b@receiver.example size=22 "))
      << log;
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1));
}

TEST_F(SubmissionTest, WhatTheDialogRefusesHasItsReason) {
  connect();
  greet();
  client_->say("MAIL FROM:<jürgen@shop.example>\r\n");
  expect("553 5.6.7 ");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"command\"}"), 1);
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"content\"}"), 0);
}

TEST_F(SubmissionTest, ARefusedRecipientIsLoggedWithItsTransaction) {
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example> SIZE=1234\r\nRCPT TO:<b@[192.0.2.1]>\r\n");
  expect("550 5.1.2 ");
  EXPECT_TRUE(whole_log().contains(
      "reason=policy from=a@shop.example to=b@[192.0.2.1] size=1234 text=b@[192.0.2.1] reply="));
}

TEST_F(SubmissionTest, WhatIsTooLargeIsLoggedWithItsTransaction) {
  config_.limits.message_size = 1000;
  connect();
  greet();
  client_->say("MAIL FROM:<>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<d@c.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say("From: a@shop.example\r\n\r\n" + std::string(2000, 'x') + "\r\n.\r\n");
  expect("552 5.3.4 ");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=size from=<> to=b@c.example,d@c.example size=2026 ")) << log;
}

TEST_F(SubmissionTest, WhatIsAnnouncedTooLargeIsLoggedWithSenderAndSize) {
  config_.limits.message_size = 1000;
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example> SIZE=123456\r\n");
  expect("552 5.3.4 ");
  EXPECT_TRUE(whole_log().contains("reason=size from=a@shop.example size=123456 ")) << whole_log();
}

TEST_F(SubmissionTest, ARecipientTooManyIsLogged) {
  config_.limits.recipients_per_message = 1;
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<d@e.example>\r\n");
  expect("452 4.5.3 ");
  EXPECT_TRUE(whole_log().contains(" from=a@shop.example to=d@e.example ")) << whole_log();
}

TEST_F(SubmissionTest, AForeignReversePathIsReplacedWhereTheLoginSaysSo) {
  users_ = auth::Users::parse(std::string(auth::kOneLogin) +
                                  "senders = [\"orders@shop.example\"]\notherwise = \"rewrite\"\n",
                              "users.toml")
               .value();
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 ");
  client_->say("MAIL FROM:<root@web1.internal>\r\nRCPT TO:<b@receiver.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say("From: Cron <root@web1.internal>\r\n\r\nDone.\r\n.\r\n");
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  const queue::Message& message = *intake_.messages[0].first;
  EXPECT_EQ(message.envelope.reverse_path->text(), "orders@shop.example");
  EXPECT_TRUE(message.content.contains("From: Cron <orders@shop.example>\r\n")) << message.content;
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("sender_rewritten session=3.1 user=shop from=root@web1.internal "
                   "now=orders@shop.example"))
      << log;
  EXPECT_TRUE(log.contains(" from=orders@shop.example to=b@receiver.example ")) << log;
}

TEST_F(SubmissionTest, ATenantsNetworkMaySendWithItsDomainsOnly) {
  config::TenantConfig& tenant = config_.tenants.emplace_back();
  tenant.name = "acme";
  tenant.domains = {"shop.example"};
  tenant.networks = {net::Network::parse("127.0.0.0/8").value()};
  tenant.daily = 1;
  tenant.metrics = true;
  connect();
  greet();
  client_->say("MAIL FROM:<a@other.example>\r\n");
  expect("553 5.7.1 This network may not send as <a@other.example>; it may use @shop.example");
  client_->say(kMail);
  expect("354 ");
  client_->say("From: a@other.example\r\n\r\n.\r\n");
  expect(
      "550 5.7.1 This network may not send with From: <a@other.example>; it may use @shop.example");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  client_->say("MAIL FROM:<>\r\nRCPT TO:<b@receiver.example>\r\n");
  expect("450 4.7.1 The tenant acme, with all of its logins, may send to 1 recipient a day ");
  EXPECT_EQ(metric("signpost_tenant_messages_accepted_total{tenant=\"acme\"}"), 1);
  EXPECT_EQ(metric("signpost_tenant_recipients_total{result=\"accepted\",tenant=\"acme\"}") +
                metric("signpost_tenant_recipients_total{tenant=\"acme\",result=\"accepted\"}"),
            1);
  EXPECT_EQ(metric("signpost_tenant_recipients_total{result=\"limited\",tenant=\"acme\"}") +
                metric("signpost_tenant_recipients_total{tenant=\"acme\",result=\"limited\"}"),
            1);
  EXPECT_TRUE(whole_log().contains(" tenant=acme")) << whole_log();
}

TEST_F(SubmissionTest, ContentBeyondTheMemoryIsReadToItsEndAndRefused) {
  admission_.set_limits({.sessions = 10, .sessions_per_client = 10, .memory = 10'000});
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("From: a@shop.example\r\n\r\n" + std::string(20'000, 'x'));
  settle();
  EXPECT_TRUE(client_->received.empty()) << "the client does not listen before the end";
  client_->say("\r\n.\r\n");
  expect("452 4.3.1 Insufficient memory");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"memory\"}"), 1);
  EXPECT_TRUE(admission_.has_memory_for(9'999));
}

TEST_F(SubmissionTest, AFullDiskRefusesTheSender) {
  admission_.check_disk("/", 0, UINT64_MAX, 0);
  connect();
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("452 4.3.1 Insufficient system storage");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"disk\"}"), 1);
}

TEST_F(SubmissionTest, AStrangerIsNotRelayedFor) {
  connect("192.0.2.9:50000");
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 5.7.0 ");
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"relaying\"}"), 1);
}

TEST_F(SubmissionTest, BeyondTheLimitASessionIsTurnedAway) {
  admission_.set_limits({.sessions = 0, .sessions_per_client = 10, .memory = 10'000});
  connect();
  expect("421 4.7.0 relay.example Too many sessions");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"sessions\"}"), 1);
  EXPECT_EQ(metric("signpost_smtp_sessions{listener=\"127.0.0.1:587\"}"), 0);
}

// ---- Stopping

TEST_F(SubmissionTest, AnIdleSessionGets421WhenTheRelayStops) {
  connect();
  greet();
  draining_ = true;
  submission_->drain();
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
}

TEST_F(SubmissionTest, ATransactionMayFinishWhenTheRelayStops) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  draining_ = true;
  submission_->drain();
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
}

TEST_F(SubmissionTest, SessionsLeftAfterTheDrainGet421) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  draining_ = true;
  submission_->drain();
  client_->say("From: a@shop.example\r\n");
  settle();
  submission_->send_away();
  expect("421 4.3.2 relay.example Service is closing");
  run_until([this] { return client_->closed; }, "the server to close");
  client_.reset();
  run_until_drained();
  EXPECT_TRUE(intake_.messages.empty());
}

TEST_F(SubmissionTest, SoDoesASessionThatWaitsForTheDisk) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  disk_.hold(true);
  client_->say(kContent);
  run_until([this] { return disk_.claims().size() == 1; }, "the commit to begin");
  draining_ = true;
  submission_->drain();
  submission_->send_away();
  expect("421 4.3.2 relay.example Service is closing");
  disk_.hold(false);
  run_until([this] { return intake_.messages.size() == 1; }, "what was stored to be delivered");
  EXPECT_FALSE(take("250 ")) << "one command has one reply";
}

}  // namespace
}  // namespace signpost::submission
