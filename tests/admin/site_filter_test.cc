#include "admin/site_filter.h"

#include "queue/memory_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace signpost::admin {
namespace {

class SiteFilterTest : public ::testing::Test {
 protected:
  SiteFilterTest() {
    goes_to({"a.example", "shop", ""}, "mx:mx.a.example", "");
    goes_to({"b.example", "shop", ""}, "mx:mx1.mail.example", "mx:*.mail.example");
    goes_to({"c.example", "shop", ""}, "mx:mx2.mail.example", "mx:*.mail.example");
    goes_to({"d.example", "shop", ""}, "mx:mx.google.example", "google");
    goes_to({"e.example", "shop", ">smtp:hub.example:25", 3}, "smtp:hub.example:25", "");
  }

  // As after its look-up.
  void goes_to(const queue::Lane& lane, const std::string& site, const std::string& group) {
    const delivery::Scheduler::Now now = services_.now();
    delivery::Orders orders;
    queue::Job job;
    job.lane = lane;
    delivery_.scheduler.waits(job, now, orders);
    (void)delivery_.scheduler.tick(now, orders);
    delivery::NextHop hop;
    hop.key = site;
    hop.group = group;
    delivery_.scheduler.routed(lane, hop, 0, now, orders);
    queue::QueuedJob queued{.job = job, .envelope = {}};
    jobs_.push_back(std::move(queued));
  }

  // The domains of what is selected, in one text.
  std::string selected(const std::string& wanted) {
    auto filter = SiteFilter::create(services_, wanted);
    if (!filter) return filter.error().detail;
    std::string domains;
    for (int again = 0; again < 2; ++again) {  // a page, and the next
      std::vector<queue::QueuedJob> jobs = jobs_;
      if (auto applied = filter->apply(jobs); !applied) return applied.error().detail;
      domains.clear();
      for (const auto& each : jobs) domains += each.job.lane.domain.front();
    }
    return domains;
  }

  metrics::Registry registry_;
  queue::MemoryStore store_;
  queue::Committer committer_{store_, registry_};
  relay::Admission admission_;
  delivery::SharedDelivery delivery_{1};
  relay::SettingsInForce settings_{std::make_shared<const relay::Settings>()};
  std::atomic<bool> draining_{false};
  quota::Counters quotas_;
  test::ManualClock clock_;
  tlsrpt::Collector tls_reports_{clock_};
  const Services services_{registry_, store_,    committer_, admission_,   delivery_,
                           settings_, draining_, quotas_,    tls_reports_, clock_};
  std::vector<queue::QueuedJob> jobs_;
};

TEST_F(SiteFilterTest, ASiteOrAGroupSelectsItsMail) {
  EXPECT_EQ(selected(""), "abcde");
  EXPECT_EQ(selected("mx:mx.a.example"), "a");
  EXPECT_EQ(selected("smtp:hub.example:25"), "e");
  EXPECT_EQ(selected("google"), "d");
  EXPECT_EQ(selected("mx:nobody.example"), "");
}

TEST_F(SiteFilterTest, AWildcardSelectsByTheNamesOfSitesAndGroups) {
  EXPECT_EQ(selected("*"), "abcde");
  EXPECT_EQ(selected("*.MAIL.example"), "bc");
  EXPECT_EQ(selected("mx1.*"), "");  // it is not all of the name
  EXPECT_EQ(selected("mx:mx1.*"), "b");
  EXPECT_EQ(selected("goo*"), "d");
  goes_to({"f.example", "shop", ""}, "mx:mx3.mail.example", "");
  EXPECT_EQ(selected("mx:*.mail.example"), "bc");  // the group of this name
}

TEST_F(SiteFilterTest, NamesInULabelsSelectAsInALabels) {
  goes_to({"f.example", "shop", ""}, "mx:mx.xn--bcher-kva.example", "");
  EXPECT_EQ(selected("mx:mx.bücher.example"), "f");
  EXPECT_EQ(selected("*.bücher.example"), "f");
}

TEST_F(SiteFilterTest, AReceiversNameSelectsItsMailFromAllSources) {
  goes_to({"f.example", "shop", "<letters"}, "mx:mx.f.example from=192.0.2.1", "");
  goes_to({"g.example", "shop", "<shop"}, "mx:mx.f.example from=192.0.2.2,192.0.2.3", "");
  EXPECT_EQ(selected("mx:mx.f.example"), "fg");
  EXPECT_EQ(selected("mx:mx.f.example from=192.0.2.1"), "f");
  EXPECT_EQ(selected("*.f.example"), "fg");
}

TEST_F(SiteFilterTest, WhatIsNoNameIsRefused) {
  EXPECT_EQ(
      selected("nonsense"),
      "nonsense is not a site, provider or domain; for names see signpost site list and signpost "
      "provider list");
}

TEST_F(SiteFilterTest, MailThatWasNotLookedUpYetIsLookedUp) {
  queue::QueuedJob held;
  held.job.lane = {"held.example", "shop", ""};
  jobs_.push_back(held);
  EXPECT_EQ(selected("google"), "the relay is stopping");  // there is no worker that could
}

}  // namespace
}  // namespace signpost::admin
