#include "mta_sts/discovery.h"

#include "metrics/registry.h"
#include "mta_sts/policies_file.h"
#include "tests/delivery/scripted_resolver.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signpost::mta_sts {
namespace {

using namespace std::chrono_literals;
using Answers = std::vector<std::string>;

std::string policy_text(const std::string& mode, const std::string& max_age = "604800") {
  return "version: STSv1\nmode: " + mode + "\nmx: *.a.example\nmax_age: " + max_age + "\n";
}

class DiscoveryTest : public testing::Test {
 protected:
  struct Fetching {
    std::string domain;
    std::vector<net::IpAddress> addresses;
    std::move_only_function<void(PolicyText)> done;
  };

  DiscoveryTest() { announce("a.example", "1"); }
  ~DiscoveryTest() override {
    queries_.clear();
    discovery_.reset();
    other_.reset();
    test::run_deferred(loop_);
  }

  void announce(const std::string& domain, const std::string& id) {
    resolver_.knows(dns::RecordType::Txt, "_mta-sts." + domain,
                    dns::Texts{"v=spf1 -all", "v=STSv1; id=" + id + ";"});
    resolver_.knows_address("mta-sts." + domain, "192.0.2.1");
  }
  void withdraw(const std::string& domain) {
    resolver_.knows(dns::RecordType::Txt, "_mta-sts." + domain, dns::Texts{"v=spf1 -all"});
  }
  std::unique_ptr<Discovery> make_discovery() {
    return std::make_unique<Discovery>(
        *policies_, resolver_, loop_, [](const net::IpAddress& address) {
          return address.is_loopback() ? "has the loopback address" : std::string();
        });
  }
  // Forgets all but the file of policies.
  void restart() {
    const std::string text = policies_text(policies_->entries());
    discovery_.reset();
    other_.reset();
    policies_ = make_policies();
    policies_->restore(parse_policies(text).value());
    discovery_ = make_discovery();
    other_ = make_discovery();
  }
  std::unique_ptr<Policies> make_policies() {
    return std::make_unique<Policies>(
        clock_, registry_,
        [this](const std::string& domain, const std::vector<net::IpAddress>& addresses,
               std::move_only_function<void(PolicyText)> done) {
          fetching_.push_back({domain, addresses, std::move(done)});
        });
  }

  static std::string text_of_finding(const Finding& found) {
    std::string text = found.policy ? found.policy->id + " " : "none ";
    text += found.policy ? signpost::text_of(found.policy->mode) : "";
    if (found.fault != Fault::None) {
      text.append(" ").append(signpost::text_of(found.fault)).append(": ").append(found.detail);
    }
    return text;
  }
  void find(const std::string& domain = "a.example") { find_by(*discovery_, domain); }
  void find_by(Discovery& discovery, const std::string& domain) {
    const std::size_t before = answers_.size();
    queries_.push_back(discovery.find(domain, [this, domain](const Finding& found) {
      answers_.push_back(text_of_finding(found));
    }));
    EXPECT_EQ(answers_.size(), before) << "answered from within the call";
  }
  // Everything that waits for nothing but the DNS.
  void settle() {
    resolver_.answer_all();
    test::run_deferred(loop_);
  }
  // What came since the last time.
  Answers answers() { return std::exchange(answers_, {}); }
  Answers found(const std::string& domain = "a.example") {
    find(domain);
    settle();
    return answers();
  }

  void fetch_ends(PolicyText text) {
    ASSERT_FALSE(fetching_.empty());
    Fetching fetch = std::move(fetching_.front());
    fetching_.pop_front();
    fetch.done(std::move(text));
    test::run_deferred(loop_);
  }
  void fetch_fails(Fault fault = Fault::FetchFailed, const std::string& detail = "down") {
    fetch_ends(std::unexpected(FetchFault{.fault = fault, .detail = detail}));
  }
  // The policy is known, and was fetched now.
  void learn(const std::string& mode = "enforce", const std::string& max_age = "604800") {
    find();
    settle();
    fetch_ends(policy_text(mode, max_age));
    ASSERT_EQ(answers().size(), 1u);
  }
  bool counts(const std::string& line) { return registry_.text().contains(line + "\n"); }

  test::ManualClock clock_;
  metrics::Registry registry_;
  net::Loop loop_;
  test::ScriptedResolver resolver_;
  std::deque<Fetching> fetching_;
  std::unique_ptr<Policies> policies_ = make_policies();
  std::unique_ptr<Discovery> discovery_ = make_discovery();
  std::unique_ptr<Discovery> other_ = make_discovery();  // another worker's
  std::vector<dns::QueryHandle> queries_;
  Answers answers_;
};

TEST_F(DiscoveryTest, ADomainWithoutARecordHasNoPolicyAndIsNotAsked) {
  EXPECT_EQ(found("b.example"), Answers{"none "});
  EXPECT_EQ(resolver_.asked, Answers{"_mta-sts.b.example"});
  EXPECT_TRUE(fetching_.empty());
}

TEST_F(DiscoveryTest, ABrokenRecordIsNone) {
  resolver_.knows(dns::RecordType::Txt, "_mta-sts.b.example",
                  dns::Texts{"v=STSv1; id=1", "v=STSv1; id=2"});
  EXPECT_EQ(found("b.example"), Answers{"none "});
  EXPECT_TRUE(fetching_.empty());
}

TEST_F(DiscoveryTest, AnAnnouncedPolicyIsFetchedBeforeTheAnswer) {
  EXPECT_EQ(found(), Answers{});
  ASSERT_EQ(fetching_.size(), 1u);
  EXPECT_EQ(fetching_.front().domain, "a.example");
  EXPECT_EQ(fetching_.front().addresses, std::vector{net::IpAddress::parse("192.0.2.1").value()});
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{"1 enforce"});
  EXPECT_TRUE(counts("signpost_mta_sts_policies{mode=\"enforce\"} 1"));
  EXPECT_TRUE(counts("signpost_mta_sts_fetches_total{result=\"ok\"} 1"));
}

TEST_F(DiscoveryTest, AKnownPolicyIsTheAnswerWithoutAFetch) {
  learn();
  clock_.advance(10min);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_TRUE(fetching_.empty());
  EXPECT_EQ(text_of_finding(discovery_->known("a.example")), "1 enforce");
  EXPECT_EQ(text_of_finding(discovery_->known("b.example")), "none ");
}

TEST_F(DiscoveryTest, AllWhoAskMeanwhileWaitForOneFetch) {
  find();
  settle();
  find();
  find_by(*other_, "a.example");
  settle();
  EXPECT_EQ(fetching_.size(), 1u);
  EXPECT_EQ(answers(), Answers{});
  fetch_ends(policy_text("testing"));
  EXPECT_EQ(answers(), (Answers{"1 testing", "1 testing", "1 testing"}));
}

TEST_F(DiscoveryTest, AnotherIdLeadsToAnotherFetch) {
  learn();
  announce("a.example", "2");
  clock_.advance(2min);
  EXPECT_EQ(found(), Answers{});
  fetch_ends(policy_text("none"));
  EXPECT_EQ(answers(), Answers{"2 none"});
  EXPECT_TRUE(counts("signpost_mta_sts_policies{mode=\"enforce\"} 0"));
  EXPECT_TRUE(counts("signpost_mta_sts_policies{mode=\"none\"} 1"));
}

TEST_F(DiscoveryTest, ARecordThatChangesAllTheTimeLeadsToAFetchAMinute) {
  learn();
  announce("a.example", "2");
  clock_.advance(59s);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  clock_.advance(1s);
  EXPECT_EQ(found(), Answers{});
}

TEST_F(DiscoveryTest, AKnownPolicyHoldsWhenNothingCanBeFoundOut) {
  learn();
  clock_.advance(2min);
  withdraw("a.example");
  EXPECT_EQ(found(), Answers{"1 enforce"});
  resolver_.fails_for("_mta-sts.a.example");
  EXPECT_EQ(found(), Answers{"1 enforce"});
  resolver_.fails_for("");
  announce("a.example", "2");
  EXPECT_EQ(found(), Answers{});
  fetch_fails();
  EXPECT_EQ(answers(), Answers{"1 enforce fetch_failed: down"});
  clock_.advance(604'800s - 2min - 1s);
  EXPECT_EQ(text_of_finding(discovery_->known("a.example")), "1 enforce");
  clock_.advance(1s);
  EXPECT_EQ(text_of_finding(discovery_->known("a.example")), "none ");
}

TEST_F(DiscoveryTest, WithoutAKnownPolicyAFailureIsNone) {
  EXPECT_EQ(found(), Answers{});
  fetch_fails(Fault::WebPki, "expired");
  EXPECT_EQ(answers(), Answers{"none  web_pki: expired"});
  EXPECT_TRUE(counts("signpost_mta_sts_fetches_total{result=\"web_pki\"} 1"));
  resolver_.fails_for("_mta-sts.b.example");
  EXPECT_EQ(found("b.example"), Answers{"none "});
}

TEST_F(DiscoveryTest, WhatIsNoPolicyIsInvalid) {
  EXPECT_EQ(found(), Answers{});
  fetch_ends("<html>");
  EXPECT_EQ(answers(),
            Answers{"none  invalid: the policy of a.example is not valid: it has no version"});
}

TEST_F(DiscoveryTest, AFailureIsNotTriedAgainForSomeMinutes) {
  EXPECT_EQ(found(), Answers{});
  fetch_fails();
  (void)answers();
  announce("a.example", "2");  // whatever the record says
  clock_.advance(5min - 1s);
  EXPECT_EQ(found(), Answers{"none  fetch_failed: down"});
  clock_.advance(1s);
  EXPECT_EQ(found(), Answers{});
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{"2 enforce"});
}

TEST_F(DiscoveryTest, AHostThatIsNotThereOrForbiddenIsNotAsked) {
  resolver_.knows(dns::RecordType::Txt, "_mta-sts.b.example", dns::Texts{"v=STSv1; id=1;"});
  EXPECT_EQ(found("b.example"), Answers{"none  fetch_failed: mta-sts.b.example: does not exist"});
  announce("c.example", "1");
  resolver_.fails_for("mta-sts.c.example");
  EXPECT_EQ(found("c.example"), Answers{"none  fetch_failed: mta-sts.c.example: SERVFAIL"});
  resolver_.fails_for("");
  announce("d.example", "1");
  resolver_.knows_address("mta-sts.d.example", "127.0.0.1");
  EXPECT_EQ(found("d.example"),
            Answers{"none  fetch_failed: mta-sts.d.example: has the loopback address"});
  resolver_.knows_address("mta-sts.d.example", "::1");
  announce("e.example", "1");
  resolver_.knows(dns::RecordType::A, "mta-sts.e.example",
                  dns::Addresses{net::IpAddress::parse("127.0.0.1").value(),
                                 net::IpAddress::parse("192.0.2.9").value()});
  EXPECT_EQ(found("e.example"), Answers{});
  ASSERT_EQ(fetching_.size(), 1u);
  EXPECT_EQ(fetching_.front().addresses, std::vector{net::IpAddress::parse("192.0.2.9").value()});
}

TEST_F(DiscoveryTest, AnOldPolicyIsFetchedAgainWhileMailGoesByIt) {
  learn();
  clock_.advance(24h - 1s);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_TRUE(fetching_.empty());
  clock_.advance(1s);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_EQ(fetching_.size(), 1u);
  fetch_ends(policy_text("testing"));
  EXPECT_EQ(found(), Answers{"1 testing"});
  clock_.advance(604'799s);
  EXPECT_EQ(found(), Answers{"1 testing"});
}

TEST_F(DiscoveryTest, AShortOneIsFetchedAgainAfterHalfOfItsTime) {
  learn("enforce", "3600");
  clock_.advance(30min);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_EQ(fetching_.size(), 1u);
  fetch_fails();
  EXPECT_EQ(found(), Answers{"1 enforce fetch_failed: down"});
  clock_.advance(29min);
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_TRUE(fetching_.empty()) << "not so soon after a failure";
  clock_.advance(1min);
  EXPECT_EQ(found(), Answers{}) << "expired: mail waits for the next fetch";
}

TEST_F(DiscoveryTest, WhatIsFetchedHoldsForThoseWhoWaitedForIt) {
  find();
  settle();
  fetch_ends(policy_text("enforce", "0"));
  EXPECT_EQ(answers(), Answers{"1 enforce"});
  clock_.advance(1min);
  EXPECT_EQ(found(), Answers{});
}

TEST_F(DiscoveryTest, PoliciesInUseAreFetchedAgainWithoutMail) {
  learn("enforce", "2592000");
  discovery_->refresh_some();
  settle();
  EXPECT_TRUE(fetching_.empty());
  clock_.advance(24h);
  discovery_->refresh_some();
  discovery_->refresh_some();
  settle();
  EXPECT_EQ(fetching_.size(), 1u);
  fetch_fails();
  clock_.advance(1h - 1s);
  discovery_->refresh_some();
  settle();
  EXPECT_TRUE(fetching_.empty());
  clock_.advance(1s);
  discovery_->refresh_some();
  settle();
  fetch_ends(policy_text("enforce", "31536000"));
  clock_.advance(29 * 24h);
  discovery_->refresh_some();
  settle();
  EXPECT_TRUE(fetching_.empty()) << "no mail for 30 days";
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_EQ(fetching_.size(), 1u);
}

TEST_F(DiscoveryTest, PoliciesAreKeptAcrossARestart) {
  learn();
  EXPECT_TRUE(policies_->unsaved());
  clock_.advance(1h);
  restart();
  EXPECT_FALSE(policies_->unsaved());
  EXPECT_EQ(found(), Answers{"1 enforce"});
  EXPECT_TRUE(fetching_.empty());
  clock_.advance(604'800s - 1h);
  restart();
  EXPECT_EQ(found(), Answers{}) << "its age counts from the fetch";
}

TEST_F(DiscoveryTest, AQueryMayBeGivenUpAtAnyTime) {
  find();
  queries_.clear();
  settle();
  EXPECT_TRUE(fetching_.empty());
  find();
  find();
  settle();
  queries_.erase(queries_.begin());
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{"1 enforce"});
}

TEST_F(DiscoveryTest, AnAnswerMayEndTheOtherQueries) {
  for (int i = 0; i < 3; ++i) {
    queries_.push_back(discovery_->find("a.example", [this](const Finding& found) {
      answers_.push_back(text_of_finding(found));
      queries_.clear();
    }));
  }
  settle();
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{"1 enforce"});
}

TEST_F(DiscoveryTest, ItsEndGivesUpWhatItWasLookingFor) {
  learn();
  clock_.advance(24h);
  discovery_->refresh_some();
  discovery_.reset();
  settle();
  EXPECT_TRUE(fetching_.empty());
  other_->refresh_some();
  settle();
  EXPECT_EQ(fetching_.size(), 1u);
}

TEST_F(DiscoveryTest, ItsEndLeavesOthersTheirFetch) {
  find();
  settle();
  find_by(*other_, "a.example");
  settle();
  queries_.erase(queries_.begin());
  discovery_.reset();
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{"1 enforce"});
}

TEST_F(DiscoveryTest, WhoWaitsForAFetchThatIsGivenUpHearsOfIt) {
  struct Counting final : Policies::Waiter {
    void ended(const std::string&) override { ++ends; }
    int ends = 0;
  };
  Counting first;
  Counting second;
  EXPECT_TRUE(policies_->look("a.example", "1", first).fetch);
  const Policies::Step step = policies_->look("a.example", "1", second);
  EXPECT_TRUE(step.wait && !step.fetch);
  policies_->leave(first);
  policies_->give_up("a.example");
  EXPECT_EQ(first.ends, 0);
  EXPECT_EQ(second.ends, 1);
  EXPECT_TRUE(policies_->look("a.example", "1", first).fetch) << "it has not failed";
}

TEST_F(DiscoveryTest, FetchesUnderWayAreBounded) {
  for (std::size_t i = 0; i < Policies::kMostFetches; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    announce(domain, "1");
    find(domain);
  }
  settle();
  EXPECT_EQ(answers(), Answers{});
  EXPECT_EQ(found(), Answers{"none  fetch_failed: too many other policies are being fetched"});
  fetch_fails();
  (void)answers();
  EXPECT_EQ(found(), Answers{}) << "it was not the domain's failure";
}

TEST_F(DiscoveryTest, AStopEndsThemWithoutAWord) {
  find();
  settle();
  policies_->stop();
  fetch_ends(policy_text("enforce"));
  EXPECT_EQ(answers(), Answers{});
  find("a.example");
  settle();
  EXPECT_EQ(answers(), Answers{});
}

}  // namespace
}  // namespace signpost::mta_sts
