#include "delivery/report_limits.h"

#include <gtest/gtest.h>

#include <chrono>

namespace signpost::delivery {
namespace {

using message::Action;
using relay::DropReason;
using std::chrono::minutes;

class ReportLimitsTest : public testing::Test {
 protected:
  ReportLimitsTest() {
    envelope_.reverse_path = smtp::Mailbox::from_text("orders@shop.example");
    envelope_.login = "shop";
  }
  std::optional<DropReason> refuse(Action action = Action::Failed) {
    return limits_.refuse(envelope_, action, config_, now_);
  }
  void next_message() { ++envelope_.id.octets[9]; }

  ReportLimits limits_;
  config::BouncesConfig config_{.per_message = 2, .per_sender = {3, std::chrono::hours(1)}};
  queue::Envelope envelope_;
  SteadyTime now_{std::chrono::hours(100)};
};

TEST_F(ReportLimitsTest, ReportsOfAMessageAreLimited) {
  EXPECT_EQ(refuse(), std::nullopt);
  EXPECT_EQ(refuse(Action::Delayed), std::nullopt);
  EXPECT_EQ(refuse(), DropReason::PerMessage);
  EXPECT_EQ(refuse(Action::Relayed), std::nullopt) << "the sender asked for it";
}

TEST_F(ReportLimitsTest, ReportsToASenderAreLimitedByARate) {
  for (int i = 0; i < 3; ++i, next_message()) EXPECT_EQ(refuse(), std::nullopt) << i;
  EXPECT_EQ(refuse(), DropReason::PerSender);
  envelope_.reverse_path = smtp::Mailbox::from_text("Orders@Shop.example");
  EXPECT_EQ(refuse(), DropReason::PerSender) << "in any case";
  envelope_.reverse_path = smtp::Mailbox::from_text("\"o\\rders\"@shop.example");
  EXPECT_EQ(refuse(), DropReason::PerSender) << "in any spelling";
  now_ += minutes(19);
  EXPECT_EQ(refuse(), DropReason::PerSender);
  now_ += minutes(2);
  EXPECT_EQ(refuse(), std::nullopt);
  EXPECT_EQ(refuse(), DropReason::PerSender);
  envelope_.reverse_path = smtp::Mailbox::from_text("other@shop.example");
  next_message();
  EXPECT_EQ(refuse(), std::nullopt) << "another sender";
}

TEST_F(ReportLimitsTest, AReportThatIsRefusedCountsForNothing) {
  for (int i = 0; i < 3; ++i, next_message()) EXPECT_EQ(refuse(), std::nullopt);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(refuse(), DropReason::PerSender);
  now_ += std::chrono::hours(1);
  EXPECT_EQ(refuse(), std::nullopt);
  EXPECT_EQ(refuse(), std::nullopt);
  EXPECT_EQ(refuse(), DropReason::PerMessage);
}

TEST_F(ReportLimitsTest, UnprovenSendersGetReportsOnlyIfConfigured) {
  envelope_.login.clear();
  EXPECT_EQ(refuse(), std::nullopt) << "a trusted network's";
  config_.trusted_networks = false;
  EXPECT_EQ(refuse(), DropReason::UnprovenSender);
  envelope_.reverse_path.reset();
  EXPECT_EQ(refuse(), DropReason::NullSender);
}

}  // namespace
}  // namespace signpost::delivery
