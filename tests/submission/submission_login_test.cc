#include "tests/submission/submission_world.h"

#include <gtest/gtest.h>

namespace signpost::submission {
namespace {

// ---- Passwords

TEST_F(SubmissionTest, ALoginMaySend) {
  checks_.start(1);
  connect("127.0.0.1:50000");
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(metric("signpost_auth_total{mechanism=\"PLAIN\",result=\"accepted\"}"), 1);
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(intake_.messages.at(0).second.at(0).lane.account, "shop");
}

TEST_F(SubmissionTest, HangingUpDuringAPasswordCheckIsAFailedLoginAndNotAFailedHandshake) {
  connect();
  greet();
  client_->say(kWrong);
  settle();
  hang_up();
  ASSERT_TRUE(checks_.run_next());
  run_until_drained();
  run_until(
      [this] {
        return metric("signpost_auth_total{mechanism=\"PLAIN\",result=\"rejected\"}") == 1;
      },
      "the failure to be counted");
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 0);
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("auth_failed session=3.1 user=shop address=127.0.0.1:50000")) << log;
  EXPECT_FALSE(log.contains("tls_failed")) << log;
}

// All of them wait for one hash, so that they cost their client one guess.
TEST_F(SubmissionTest, OneClientsChecksMakeRoomForOthersButForItsFirst) {
  listener_.trusted_networks.clear();
  admission_.set_limits({.sessions = 5, .sessions_per_client = 10, .memory = 1 << 20});
  std::vector<std::unique_ptr<Client>> guessers;
  for (int i = 0; i < 4; ++i) {
    connect("127.0.0.1:50000");
    greet();
    client_->say(kWrong);
    settle();
    guessers.push_back(std::move(client_));
  }
  connect("127.0.0.2:50000");
  greet();
  settle();
  EXPECT_FALSE(guessers[0]->closed);
  EXPECT_TRUE(guessers[1]->received.contains("421 ")) << guessers[1]->received;
  EXPECT_FALSE(guessers[2]->received.contains("421 "));
  hang_up();
  guessers.clear();
  checks_.start(1);  // a client that has closed its direction may still wait for its answer
  run_until_drained();
}

TEST_F(SubmissionTest, ARemovedLoginGets421AtItsNextMail) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  client_->say("MAIL FROM:<a@shop.example>\r\nRSET\r\n");
  expect("250 2.0.0 Ok");
  auto settings = std::make_shared<relay::Settings>(*context_->settings);
  settings->users = auth::Users::parse("", "users.toml").value();
  context_->settings = settings;
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("421 4.7.0 ");
  run_until([this] { return client_->closed; }, "the server to close");
}

TEST_F(SubmissionTest, AReloadThatLeavesALoginAsItIsChangesNothing) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kRight);
  expect("235 2.7.0 ");
  auto settings = std::make_shared<relay::Settings>(*context_->settings);
  settings->users =
      auth::Users::parse("[other]\n" +
                             std::string(auth::kOneLogin.substr(auth::kOneLogin.find('\n') + 1)) +
                             std::string(auth::kOneLogin),
                         "users.toml")
          .value();
  context_->settings = settings;
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("250 2.1.0 ");
}

TEST_F(SubmissionTest, ARejectedPasswordGetsItsReplyAndOneLine) {
  checks_.start(1);
  connect();
  greet();
  client_->say(kWrong);
  expect("535 5.7.8 ");
  client_->say("NOOP\r\n");
  expect("250 2.0.0 Ok");
  const std::string log = whole_log();
  EXPECT_EQ(log.find("auth_failed"), log.rfind("auth_failed")) << log;
  EXPECT_NE(log.find("auth_failed"), std::string::npos) << log;
  EXPECT_EQ(log.find(" rejected "), std::string::npos) << log;
}

// ---- TLS

TEST_F(SubmissionTest, AMessageGoesOverStartTls) {
  offer_tls();
  listener_.mode = config::ListenerMode::StartTls;
  connect();
  greet();
  client_->say("STARTTLS\r\n");
  expect("220 2.0.0 ");
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  run_until([this] { return client_->secured; }, "the handshake");
  client_->say("EHLO client.example\r\n");
  expect("250 LIMITS RCPTMAX=");
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(intake_.messages.at(0).first->content.contains("with ESMTPS"));
}

TEST_F(SubmissionTest, ImplicitTlsGreetsAfterTheHandshake) {
  offer_tls();
  listener_.mode = config::ListenerMode::Implicit;
  connect();
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  greet();
  EXPECT_TRUE(client_->secured);
}

TEST_F(SubmissionTest, HangingUpDuringTheHandshakeIsAFailedHandshake) {
  offer_tls();
  listener_.mode = config::ListenerMode::StartTls;
  connect();
  greet();
  client_->say("STARTTLS\r\n");
  expect("220 2.0.0 ");
  hang_up();
  run_until_drained();
  EXPECT_EQ(metric("signpost_tls_handshake_failures_total{direction=\"in\"}"), 1);
  EXPECT_TRUE(whole_log().contains("tls_failed"));
}

// ---- Clients that send all they have and close their direction

TEST_F(SubmissionTest, AClientThatClosesItsDirectionIsAnsweredToTheEnd) {
  connect();
  disk_.hold(true);
  client_->say("EHLO client.example\r\n");
  for (int i = 0; i < 3; ++i) client_->say(std::string(kMail) + std::string(kContent));
  client_->say("NOOP\r\nQUIT\r\n");
  ::shutdown(client_fd_, SHUT_WR);
  run_until([this] { return disk_.claims().size() == 1; }, "the first commit to begin");
  settle();
  disk_.hold(false);
  for (int i = 0; i < 3; ++i) expect("250 2.0.0 Ok: queued as ");
  expect("250 2.0.0 Ok");
  expect("221 ");
  run_until([this] { return client_->closed; }, "the server to close");
  run_until_drained();
  EXPECT_EQ(intake_.messages.size(), 3U);
  EXPECT_FALSE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, SoItIsUnderTlsAndDuringAPasswordCheck) {
  offer_tls();
  checks_.start(1);
  listener_.mode = config::ListenerMode::Implicit;
  connect();
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  greet();
  client_->say(std::string(kRight) + std::string(kMail) + std::string(kContent));
  client_->stream->shut_down();  // with close_notify; what is read is discarded
  run_until([this] { return intake_.messages.size() == 1; }, "delivery");
  run_until_drained();
  EXPECT_TRUE(whole_log().contains(" accepted "));
}

TEST_F(SubmissionTest, HalfAMessageIsNotStored) {
  connect();
  greet();
  client_->say(std::string(kMail) + "From: a@shop.example\r\n\r\nThank");
  ::shutdown(client_fd_, SHUT_WR);
  run_until([this] { return client_->closed; }, "the server to close");
  run_until_drained();
  EXPECT_FALSE(take("250 2.0.0 Ok: queued"));
  EXPECT_TRUE(intake_.messages.empty());
  EXPECT_TRUE(whole_log().contains("session_lost"));
}

TEST_F(SubmissionTest, ALoginThatIsRefusedInClearWorksUnderTls) {
  offer_tls();
  checks_.start(1);
  listener_.mode = config::ListenerMode::StartTls;
  listener_.login_in_clear = config::ClearLogin::Never;
  connect();
  expect("220 relay.example");
  client_->say("EHLO client.example\r\n");
  run_until([this] { return client_->received.contains("250 LIMITS RCPTMAX="); }, "extensions");
  EXPECT_TRUE(client_->received.contains("250-STARTTLS\r\n"));
  EXPECT_FALSE(client_->received.contains("AUTH"));
  client_->say(kRight);
  expect("5");
  EXPECT_FALSE(whole_log().contains(" authenticated "));
  client_->say("STARTTLS\r\n");
  expect("220 ");
  client_->stream->start_tls_client(*client_tls_, {"mail.example", {"mail.example"}});
  run_until([this] { return client_->secured; }, "TLS");
  client_->say("EHLO client.example\r\n");
  run_until([this] { return client_->received.contains("250 LIMITS RCPTMAX="); }, "extensions");
  EXPECT_TRUE(client_->received.contains("250-AUTH PLAIN"));
  client_->say(kRight);
  expect("235 ");
}

}  // namespace
}  // namespace signpost::submission
