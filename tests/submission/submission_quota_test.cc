#include "tests/submission/submission_world.h"

#include <gtest/gtest.h>

namespace signpost::submission {
namespace {

using namespace std::chrono_literals;

class QuotaTest : public SubmissionTest {
 protected:
  // The client is limited to two recipients an hour.
  QuotaTest() { config_.limits.client_rate = {2, 1h}; }

  quota::Holder client() const {
    return {quota::Scope::Client, "127.0.0.1", {config_.limits.client_rate, std::nullopt}};
  }
  std::uint64_t used() { return quotas_.used(client(), system_now()).at(0).used; }
  void send() {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
  }
};

TEST_F(QuotaTest, RecipientsBeyondTheRateAreRefusedAndTheOthersGetTheMail) {
  connect();
  greet();
  client_->say(
      "MAIL FROM:<a@shop.example>\r\nRCPT TO:<a@c.example>\r\nRCPT TO:<b@c.example>\r\n"
      "RCPT TO:<c@c.example>\r\nDATA\r\n");
  expect(
      "450 4.7.1 The address 127.0.0.1 may send to 2 recipients an hour and has no more left; send "
      "this recipient again in 30 minutes");
  expect("354 ");
  EXPECT_EQ(used(), 0U);  // nothing is sent yet
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(used(), 2U);
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<c@c.example>\r\n");
  expect("450 4.7.1 ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_EQ(intake_.messages[0].second[0].recipients.size(), 2U);
  EXPECT_EQ(metric("signpost_messages_rejected_total{reason=\"limit\"}"), 2);
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("reason=limit from=a@shop.example to=c@c.example ")) << log;
  const std::size_t reached = log.find(
      "quota_reached session=3.1 scope=client name=127.0.0.1 "
      "limit=rate used=0 most=2 seconds=3600 again=");
  EXPECT_NE(reached, std::string::npos) << log;
  EXPECT_EQ(log.find("quota_reached", reached + 1), std::string::npos) << log;
  EXPECT_TRUE(
      log.contains("quota_warning session=3.1 scope=client name=127.0.0.1 limit=rate used=2 "
                   "most=2 seconds=3600"))
      << log;
}

TEST_F(QuotaTest, WhatOthersUsedMeanwhileIsNoticedAtTheEndOfTheContent) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  ASSERT_TRUE(quotas_.take(std::vector{client()}, 2, system_now()));
  client_->say(kContent);
  expect(
      "450 4.7.1 The address 127.0.0.1 may send to 2 recipients an hour and has no more left; send "
      "this message again in 30 minutes");
  settle();
  EXPECT_TRUE(intake_.messages.empty());
  EXPECT_EQ(used(), 2U);
  EXPECT_TRUE(admission_.has_memory_for((1 << 30) - 1)) << "content is still counted";
}

TEST_F(QuotaTest, ARecipientThatIsNamedTwiceCountsOnce) {
  connect();
  greet();
  client_->say(
      "MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\nRCPT TO:<b@c.example>\r\nDATA\r\n");
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  EXPECT_EQ(used(), 1U);
}

TEST_F(QuotaTest, WhatCannotBeStoredIsGivenBack) {
  disk_.break_writes();
  connect();
  greet();
  send();
  expect("451 4.3.0 ");
  run_until([this] { return used() == 0; }, "the recipients to be given back");
}

TEST_F(QuotaTest, WhatIsRefusedForItsContentDoesNotCount) {
  connect();
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say("Subject: no sender\r\n\r\n.\r\n");
  expect("550 5.6.0 ");
  EXPECT_EQ(used(), 0U);
}

TEST_F(QuotaTest, AReloadChangesTheLimitsOfSessionsUnderWay) {
  connect();
  greet();
  ASSERT_TRUE(quotas_.take(std::vector{client()}, 2, system_now()));
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect("450 4.7.1 ");
  auto reloaded = std::make_shared<relay::Settings>(*context_->settings);
  config_.limits.client_rate = {3, 1h};
  reloaded->config = std::make_shared<const config::Config>(config_);
  context_->settings = std::move(reloaded);
  client_->say("RCPT TO:<b@c.example>\r\n");
  expect("250 2.1.5 ");
  client_->say("RCPT TO:<c@c.example>\r\n");
  expect("450 4.7.1 The address 127.0.0.1 may send to 3 recipients an hour ");  // two were used
}

TEST_F(SubmissionTest, ALoginHasLimitsOfItsOwn) {
  users_ =
      auth::Users::parse(std::string(auth::kOneLogin) + "daily = 2\nrecipients_per_message = 1\n",
                         "users.toml")
          .value();
  checks_.start(1);
  connect("127.0.0.1:50000");
  greet();
  client_->say(kRight);
  expect("235 ");
  client_->say("MAIL FROM:<a@shop.example>\r\nRCPT TO:<a@c.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect(
      "452 4.5.3 The login shop may send one message to 1 recipient; send to the others in another "
      "message");
  ASSERT_TRUE(quotas_.take(std::vector{quota::Holder{quota::Scope::Login, "shop", {{}, 2}}}, 2,
                           system_now()));
  client_->say("RSET\r\nMAIL FROM:<a@shop.example>\r\nRCPT TO:<b@c.example>\r\n");
  expect(
      "450 4.7.1 The login shop may send to 2 recipients a day and has no more left; send this "
      "recipient again after 00:00 UTC, in ");
}

}  // namespace
}  // namespace signpost::submission
