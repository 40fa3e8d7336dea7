#include "delivery/router.h"

#include "config/next_hop_url.h"
#include "queue/memory_store.h"
#include "tests/delivery/scripted_resolver.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace signpost::delivery {
namespace {

using Answers = std::vector<std::string>;

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    config_.hostname = "relay.example";
    config::RouteConfig& route = config_.routes.emplace_back();
    route.recipients = {"inside.example"};
    route.via = "smtp://hub.example";
    route.hops = {config::parse_next_hop(route.via).value()};
    put_in_force();
    resolver_.knows(dns::RecordType::Mx, "a.example", dns::MxHosts{{10, "mx.a.example"}});
    resolver_.knows(dns::RecordType::Mx, "b.example", dns::MxHosts{{10, "mx.b.example"}});
    resolver_.knows(dns::RecordType::Mx, "none.example", dns::MxHosts{{0, ""}});
  }
  ~RouterTest() override { test::run_deferred(loop_); }

  void put_in_force() {
    auto settings = std::make_shared<relay::Settings>();
    settings->config = std::make_shared<const config::Config>(config_);
    context_.settings = std::move(settings);
  }
  void look_up(const std::string& domain, const std::string& route = "") {
    router_->look_up({domain, "shop", route},
                     [this](const queue::Lane& lane, std::expected<NextHop, Disposition> found) {
                       answers_.push_back(lane.domain + ": " +
                                          (found ? found->key : found.error().reply.one_line()));
                     });
  }

  config::Config config_;
  net::Loop loop_;
  net::Timers timers_{loop_};
  test::ManualClock clock_;
  Random random_{1};
  test::ScriptedResolver resolver_;
  metrics::Registry registry_;
  queue::MemoryStore store_;
  queue::Committer committer_{store_, registry_};
  relay::TurnCommits commits_{loop_, committer_};
  queue::MessageIdGenerator ids_;
  relay::RelayMetrics metrics_{registry_};
  relay::EventSink events_{metrics_};
  relay::Admission admission_;
  quota::Counters quotas_;
  std::atomic<bool> draining_{false};
  relay::Context context_{.worker = 0,
                          .clock = clock_,
                          .random = random_,
                          .loop = loop_,
                          .timers = timers_,
                          .resolver = resolver_,
                          .commits = commits_,
                          .ids = ids_,
                          .events = events_,
                          .metrics = metrics_,
                          .store = store_,
                          .admission = admission_,
                          .quotas = quotas_,
                          .draining = draining_,
                          .settings = {}};
  std::unique_ptr<Router> router_ = std::make_unique<Router>(context_);
  Answers answers_;
};

TEST_F(RouterTest, ARouteIsKnownAtOnceAndWithoutTheDns) {
  look_up("inside.example");
  EXPECT_EQ(answers_, Answers{"inside.example: smtp:hub.example:25"});
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(RouterTest, WhatCannotBeRoutedFailsAtOnce) {
  look_up("a.example", "smtp://gone.example");
  look_up("[192.0.2.1]");
  EXPECT_EQ(answers_, (Answers{"a.example: 5.1.2 there is no route smtp://gone.example any more",
                               "[192.0.2.1]: 5.1.2 mail is not delivered to address literals such "
                               "as [192.0.2.1]"}));
  EXPECT_TRUE(resolver_.asked.empty());
}

TEST_F(RouterTest, OtherDomainsGoToTheirExchangers) {
  look_up("a.example");
  EXPECT_TRUE(answers_.empty());
  resolver_.answer_all();
  EXPECT_EQ(answers_, Answers{"a.example: mx:mx.a.example"});
}

TEST_F(RouterTest, ADomainThatTakesNoMailSaysWhy) {
  look_up("none.example");
  look_up("unknown.example");
  resolver_.answer_all();
  EXPECT_EQ(answers_,
            (Answers{"none.example: 5.1.10 the domain none.example does not accept mail "
                     "(null MX)",
                     "unknown.example: 5.1.2 the domain unknown.example does not exist"}));
}

TEST_F(RouterTest, AnswersInAnyOrderBelongToTheirLanes) {
  look_up("a.example");
  look_up("b.example");
  look_up("a.example");
  resolver_.answer_all(true);
  EXPECT_EQ(answers_, (Answers{"a.example: mx:mx.a.example", "b.example: mx:mx.b.example",
                               "a.example: mx:mx.a.example"}));
}

TEST_F(RouterTest, AnAnswerIsJudgedByTheConfigurationThenInForce) {
  look_up("a.example");
  config_.hostname = "mx.a.example";
  put_in_force();
  resolver_.answer_all();
  EXPECT_EQ(answers_, Answers{"a.example: 5.4.6 mail for a.example loops back to this relay"});
}

TEST_F(RouterTest, ItsEndCancelsWhatIsUnderWay) {
  look_up("a.example");
  router_.reset();
  resolver_.answer_all();
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace signpost::delivery
