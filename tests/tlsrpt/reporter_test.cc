#include "tlsrpt/reporter.h"

#include "tests/support/manual_clock.h"
#include "tests/tlsrpt/sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace signpost::tlsrpt {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_days kDay{std::chrono::year(2026) / 11 / 30};
const Submitter kSubmitter{.from = "tls-reports@sender.example",
                           .organization = "sender.example",
                           .contact = "tls-reports@sender.example",
                           .hostname = "mail.sender.example"};

class ReporterTest : public testing::Test {
 protected:
  ReporterTest() {
    collector_.set_wanted(true);
    collector_.record(test::good());
    collector_.record(test::bad(ResultType::CertificateExpired));
    clock_.set(kDay + 24h + Collector::kSpread);
  }

  void publish(const std::string& text) {
    record_ = {.status = dns::Status::Ok, .texts = {text}, .detail = {}};
  }
  void run() { reporter_.send_due(kSubmitter, cancelled_); }
  Aggregate report() { return collector_.find("receiver.example", kDay).value_or(Aggregate()); }
  int count(ReportResult result) { return counted_[result]; }

  signpost::test::ManualClock clock_{kDay + 10h};
  Collector collector_{clock_, Random(1)};
  std::atomic<bool> cancelled_{false};
  dns::TextAnswer record_{.status = dns::Status::NxDomain, .texts = {}, .detail = {}};
  std::vector<std::string> looked_up_;
  bool takes_mail_ = true;
  std::vector<ReportMail> mails_;
  Result<int> status_ = 200;
  std::vector<std::string> posted_;  // URLs
  std::map<ReportResult, int> counted_;
  Reporter reporter_{clock_, collector_,
                     Reporter::Ways{.look_up =
                                        [this](const std::string& name) {
                                          looked_up_.push_back(name);
                                          return record_;
                                        },
                                    .mail = [this](ReportMail mail) -> Result<std::string> {
                                      if (!takes_mail_) return fail(Errc::Unavailable, "disk full");
                                      mails_.push_back(std::move(mail));
                                      return "0ekl4hfn2m5r1d8g";
                                    },
                                    .post =
                                        [this](const std::string& url, const std::string&) {
                                          posted_.push_back(url);
                                          return status_;
                                        },
                                    .count = [this](ReportResult result) { ++counted_[result]; }},
                     Random(1)};
};

TEST_F(ReporterTest, ADomainThatAsksForMailGetsIt) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example,mailto:b@elsewhere.example");
  run();
  EXPECT_EQ(looked_up_, std::vector<std::string>{"_smtp._tls.receiver.example"});
  ASSERT_EQ(mails_.size(), 2U);
  EXPECT_EQ(mails_[0].to.text(), "a@receiver.example");
  EXPECT_EQ(mails_[1].to.text(), "b@elsewhere.example");
  EXPECT_NE(mails_[0].message_id, mails_[1].message_id);
  EXPECT_EQ(report().state, ReportState::Sent);
  EXPECT_EQ(count(ReportResult::Mailed), 2);
  run();
  EXPECT_EQ(mails_.size(), 2U) << "sent once";
}

TEST_F(ReporterTest, NobodyElseGetsOne) {
  run();
  EXPECT_TRUE(mails_.empty());
  EXPECT_EQ(report().state, ReportState::NoRecord);
  EXPECT_EQ(count(ReportResult::NoRecord), 1);
}

TEST_F(ReporterTest, NothingIsSentBeforeItsTime) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example");
  clock_.set(kDay + 24h - 1s);
  run();
  EXPECT_TRUE(looked_up_.empty());
}

TEST_F(ReporterTest, ALookUpThatFailsIsMadeAgainAnHourLater) {
  record_ = {.status = dns::Status::Temporary, .texts = {}, .detail = "SERVFAIL"};
  run();
  EXPECT_EQ(report().state, ReportState::Waiting);
  EXPECT_EQ(report().detail, "_smtp._tls.receiver.example cannot be looked up now: SERVFAIL");
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example");
  clock_.advance(Reporter::kRetry - 1s);
  run();
  EXPECT_TRUE(mails_.empty());
  clock_.advance(11min);
  run();
  EXPECT_EQ(mails_.size(), 1U);
}

TEST_F(ReporterTest, AServerThatFailsIsTriedAgainWithoutTheOthers) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example,https://receiver.example/tls");
  status_ = 503;
  run();
  EXPECT_EQ(report().state, ReportState::Waiting);
  EXPECT_EQ(report().detail, "https://receiver.example/tls: the server responds with 503");
  EXPECT_EQ(report().delivered, std::vector<std::string>{"mailto:a@receiver.example"});
  status_ = fail(Errc::Io, "connection refused");
  clock_.advance(2h);
  run();
  EXPECT_EQ(report().detail, "https://receiver.example/tls: connection refused");
  status_ = 201;
  clock_.advance(2h);
  run();
  EXPECT_EQ(posted_.size(), 3U);
  EXPECT_EQ(mails_.size(), 1U);
  EXPECT_EQ(report().state, ReportState::Sent);
  EXPECT_EQ(count(ReportResult::Posted), 1);
  EXPECT_EQ(count(ReportResult::Failed), 0);
}

TEST_F(ReporterTest, AServerThatRefusesIsNotTriedAgain) {
  publish("v=TLSRPTv1; rua=https://receiver.example/tls");
  status_ = 404;
  run();
  EXPECT_EQ(report().state, ReportState::Failed);
  EXPECT_EQ(count(ReportResult::Failed), 1);
  clock_.advance(24h);
  run();
  EXPECT_EQ(posted_.size(), 1U);
}

TEST_F(ReporterTest, OneDestinationThatHasItIsEnough) {
  publish("v=TLSRPTv1; rua=https://receiver.example/tls,mailto:a@receiver.example");
  status_ = 301;
  run();
  EXPECT_EQ(report().state, ReportState::Sent);
  EXPECT_EQ(count(ReportResult::Failed), 1);
  EXPECT_EQ(count(ReportResult::Mailed), 1);
}

TEST_F(ReporterTest, AQueueThatTakesNothingIsTriedAgain) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example");
  takes_mail_ = false;
  run();
  EXPECT_EQ(report().state, ReportState::Waiting);
  EXPECT_EQ(report().detail, "disk full");
  takes_mail_ = true;
  clock_.advance(2h);
  run();
  EXPECT_EQ(report().state, ReportState::Sent);
}

TEST_F(ReporterTest, AfterTwoDaysItIsGivenUp) {
  publish("v=TLSRPTv1; rua=https://receiver.example/tls");
  status_ = 503;
  while (report().state == ReportState::Waiting && clock_.system_now() < kDay + 100h) {
    run();
    clock_.advance(10min);
  }
  EXPECT_GT(posted_.size(), 24U) << "tried for a day at least";
  EXPECT_EQ(report().state, ReportState::Failed);
  EXPECT_EQ(clock_.system_now(), kDay + 24h + Collector::kLongest + 10min);
  EXPECT_EQ(count(ReportResult::Failed), 1);
}

TEST_F(ReporterTest, AfterALongStandstillNothingIsSentOrReported) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example");
  clock_.set(kDay + 24h + Collector::kLongest);
  run();
  EXPECT_TRUE(looked_up_.empty());
  EXPECT_EQ(report().state, ReportState::Failed);
  EXPECT_TRUE(counted_.empty());
}

TEST_F(ReporterTest, AStopEndsTheRound) {
  publish("v=TLSRPTv1; rua=mailto:a@receiver.example");
  cancelled_ = true;
  run();
  EXPECT_TRUE(mails_.empty());
  EXPECT_EQ(report().state, ReportState::Waiting);
}

}  // namespace
}  // namespace signpost::tlsrpt
