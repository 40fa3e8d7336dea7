#include "tlsrpt/collector.h"

#include "tests/support/manual_clock.h"
#include "tests/tlsrpt/sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace signpost::tlsrpt {
namespace {

using namespace std::chrono_literals;
using test::bad;
using test::good;

constexpr std::chrono::sys_days kDay{std::chrono::year(2026) / 11 / 30};

class CollectorTest : public testing::Test {
 protected:
  CollectorTest() { collector_.set_wanted(true); }

  Aggregate only() {
    const auto all = collector_.all();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Aggregate() : all.front();
  }

  signpost::test::ManualClock clock_{kDay + 10h};
  Collector collector_{clock_, Random(1)};
};

TEST_F(CollectorTest, SessionsAreCountedByPolicyAndKindOfFailure) {
  collector_.record(good());
  collector_.record(good());
  collector_.record(bad(ResultType::CertificateExpired));
  collector_.record(bad(ResultType::CertificateExpired));
  collector_.record(bad(ResultType::ValidationFailure, "handshake failure"));
  collector_.record(good(test::tlsa_policy()));
  const Aggregate aggregate = only();
  EXPECT_EQ(aggregate.domain, "receiver.example");
  EXPECT_EQ(aggregate.day, kDay);
  ASSERT_EQ(aggregate.policies.size(), 2U);
  const PolicyCount& sts = aggregate.policies.front();
  EXPECT_EQ(sts.policy, test::sts_policy());
  EXPECT_EQ(sts.successful, 2U);
  EXPECT_EQ(sts.failed, 3U);
  ASSERT_EQ(sts.failures.size(), 2U);
  EXPECT_EQ(sts.failures[0].failure.type, ResultType::CertificateExpired);
  EXPECT_EQ(sts.failures[0].sessions, 2U);
  EXPECT_EQ(sts.failures[1].failure.reason_code, "handshake failure");
  EXPECT_EQ(aggregate.policies.back().successful, 1U);
  EXPECT_EQ(aggregate.sessions(), 6U);
  EXPECT_EQ(aggregate.failed(), 3U);
}

TEST_F(CollectorTest, NothingIsCountedWithoutASenderOfReports) {
  collector_.set_wanted(false);
  collector_.record(good());
  EXPECT_TRUE(collector_.all().empty());
  EXPECT_FALSE(collector_.unsaved());
}

TEST_F(CollectorTest, ADayEndsAtMidnightUtc) {
  clock_.set(kDay + 24h - 1us);
  collector_.record(good());
  clock_.advance(1us);
  collector_.record(good());
  ASSERT_EQ(collector_.all().size(), 2U);
  EXPECT_EQ(collector_.find("receiver.example", kDay)->sessions(), 1U);
  EXPECT_EQ(collector_.find("receiver.example", kDay + std::chrono::days(1))->sessions(), 1U);
  EXPECT_FALSE(collector_.find("other.example", kDay));
}

TEST_F(CollectorTest, EachDomainIsDueAtItsOwnTimeAfterTheDay) {
  for (int i = 0; i < 200; ++i) {
    Session session = good();
    session.recipient_domain = std::to_string(i) + ".example";
    collector_.record(session);
  }
  clock_.set(kDay + 24h - 1s);
  EXPECT_TRUE(collector_.due(1000).empty());
  clock_.set(kDay + 24h + Collector::kSpread / 2);
  const std::size_t half = collector_.due(1000).size();
  EXPECT_GT(half, 50U);
  EXPECT_LT(half, 150U);
  EXPECT_EQ(collector_.due(10).size(), 10U);
  clock_.set(kDay + 24h + Collector::kSpread);
  EXPECT_EQ(collector_.due(1000).size(), 200U);
}

TEST_F(CollectorTest, WhatIsSettledIsNotDueAndIsForgottenLater) {
  collector_.record(good());
  clock_.set(kDay + 29h);
  Aggregate sent = collector_.due(10).at(0);
  sent.due += 6h;
  sent.delivered = {"mailto:a@receiver.example"};
  sent.detail = "busy";
  collector_.settle(sent);
  EXPECT_TRUE(collector_.due(10).empty());
  EXPECT_EQ(only(), sent);
  clock_.advance(6h);
  ASSERT_EQ(collector_.due(10).size(), 1U);
  sent.state = ReportState::Sent;
  collector_.settle(sent);
  EXPECT_TRUE(collector_.due(10).empty());
  EXPECT_TRUE(only().delivered.empty());
  clock_.set(kDay + 24h + Collector::kShown - 1s);
  EXPECT_TRUE(collector_.due(10).empty());
  EXPECT_EQ(collector_.all().size(), 1U);
  clock_.advance(1s);
  EXPECT_TRUE(collector_.due(10).empty());
  EXPECT_TRUE(collector_.all().empty());
}

TEST_F(CollectorTest, WhatIsTooOldFailsOnceAndIsForgotten) {
  collector_.record(good());
  clock_.set(kDay + 24h + 100h);
  const auto failed = collector_.due(10);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().state, ReportState::Failed);
  EXPECT_TRUE(collector_.due(10).empty());
  EXPECT_TRUE(collector_.all().empty());
}

TEST_F(CollectorTest, AnOperatorSendsNow) {
  Session other = good();
  other.recipient_domain = "other.example";
  collector_.record(good());
  collector_.record(other);
  EXPECT_EQ(collector_.send_now("", {}), 0U) << "the day is not over";
  clock_.set(kDay + 24h);
  EXPECT_EQ(collector_.send_now("other.example", kDay - std::chrono::days(1)), 0U);
  EXPECT_EQ(collector_.send_now("other.example", kDay), 1U);
  ASSERT_EQ(collector_.due(10).size(), 1U);
  Aggregate sent = collector_.due(10).front();
  EXPECT_EQ(sent.domain, "other.example");
  sent.state = ReportState::Sent;
  collector_.settle(sent);
  EXPECT_EQ(collector_.send_now("", {}), 1U) << "what was sent is not sent again";
  EXPECT_EQ(collector_.due(10).at(0).domain, "receiver.example");
  EXPECT_EQ(collector_.send_now("other.example", {}), 1U);
  EXPECT_EQ(collector_.due(10).size(), 2U);
  clock_.set(kDay + 24h + Collector::kLongest);
  EXPECT_EQ(collector_.send_now("", {}), 0U) << "too old";
}

TEST_F(CollectorTest, DetailsThatNobodyWantsAreForgottenAtOnce) {
  collector_.record(bad(ResultType::CertificateExpired));
  Aggregate aggregate = only();
  aggregate.state = ReportState::NoRecord;
  collector_.settle(aggregate);
  EXPECT_TRUE(only().policies.front().failures.empty());
  EXPECT_EQ(only().sessions(), 1U);
  EXPECT_EQ(only().failed(), 1U);
}

TEST_F(CollectorTest, MorePoliciesThanFitAreLeftOut) {
  for (std::size_t i = 0; i < kMostPolicies + 3; ++i) {
    collector_.record(good(test::tlsa_policy("mx" + std::to_string(i) + ".example")));
  }
  EXPECT_EQ(only().policies.size(), kMostPolicies);
  EXPECT_EQ(only().left_out, 3U);
}

TEST_F(CollectorTest, MoreKindsOfFailureThanFitCountInTheSummary) {
  for (std::size_t i = 0; i < kMostFailures + 3; ++i) {
    collector_.record(bad(ResultType::ValidationFailure, std::to_string(i)));
  }
  const Aggregate aggregate = only();
  EXPECT_EQ(aggregate.policies.front().failures.size(), kMostFailures);
  EXPECT_EQ(aggregate.policies.front().failed, kMostFailures + 3);
}

TEST_F(CollectorTest, MoreDomainsThanFitAreCountedTogether) {
  for (std::size_t i = 0; i < kMostDomains + 3; ++i) {
    Session session = good({.type = PolicyType::NoPolicyFound, .domain = "x.example"});
    session.recipient_domain = std::to_string(i) + ".example";
    collector_.record(session);
  }
  EXPECT_EQ(collector_.all().size(), kMostDomains);
  EXPECT_EQ(collector_.left_out(), (Collector::LeftOut{{kDay, 3}}));
}

TEST_F(CollectorTest, AllTextsTogetherAreBounded) {
  const std::string longest(kMostText, 'x');
  std::uint64_t recorded = 0;
  for (int domain = 0; domain < 100; ++domain) {
    for (std::size_t i = 0; i < kMostFailures; ++i) {
      Session session = bad(ResultType::ValidationFailure, std::to_string(i) + longest);
      session.failure->receiving_mx_helo = session.failure->receiving_mx_hostname = longest;
      session.failure->sending_ip = longest;
      session.failure->receiving_ip = longest;
      for (std::size_t policy = 0; policy < 2; ++policy) {
        session.recipient_domain = std::to_string(domain) + ".example";
        session.policy = test::tlsa_policy("mx" + std::to_string(policy) + ".example");
        collector_.record(session);
        ++recorded;
      }
    }
  }
  std::size_t octets = 0;
  std::uint64_t counted = 0;
  for (const Aggregate& each : collector_.all()) {
    counted += each.sessions() + each.left_out;
    for (const PolicyCount& policy : each.policies)
      octets += policy.failures.size() * 5 * kMostText;
  }
  for (const auto& [day, sessions] : collector_.left_out()) counted += sessions;
  EXPECT_LE(octets, kMostOctets);
  EXPECT_GT(octets, kMostOctets / 2);
  EXPECT_EQ(counted, recorded);
}

TEST_F(CollectorTest, ALongOrUnprintableTextIsTheSameEachTime) {
  Session session = bad(ResultType::ValidationFailure, std::string(1000, 'x'));
  session.failure->receiving_mx_helo = "mx \"one\"\r\n\xff.\\";
  session.policy.strings.assign(kMostStrings + 5, std::string(1000, 'y'));
  collector_.record(session);
  collector_.record(session);
  const Aggregate aggregate = only();
  ASSERT_EQ(aggregate.policies.size(), 1U);
  const PolicyCount& policy = aggregate.policies.front();
  EXPECT_EQ(policy.policy.strings.size(), kMostStrings);
  EXPECT_EQ(policy.policy.strings.front().size(), kMostText);
  ASSERT_EQ(policy.failures.size(), 1U);
  EXPECT_EQ(policy.failures.front().sessions, 2U);
  EXPECT_EQ(policy.failures.front().failure.receiving_mx_helo, "mx 'one'???./");
  EXPECT_EQ(policy.failures.front().failure.reason_code.size(), kMostText);
}

TEST_F(CollectorTest, WhatIsNoDomainIsLeftOut) {
  Session session = good();
  for (const std::string& name : {std::string(), std::string(254, 'x'), std::string("a\nb")}) {
    session.recipient_domain = name;
    collector_.record(session);
  }
  EXPECT_TRUE(collector_.all().empty());
  EXPECT_EQ(collector_.left_out(), (Collector::LeftOut{{kDay, 3}}));
}

}  // namespace
}  // namespace signpost::tlsrpt
