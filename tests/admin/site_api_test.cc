#include "admin/site_api.h"

#include "delivery/site_pauses_file.h"
#include "queue/memory_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace signpost::admin {
namespace {

using Json = nlohmann::json;

class SiteApiTest : public ::testing::Test {
 protected:
  static HttpRequest posted(const Json& body) {
    HttpRequest request;
    request.method = "POST";
    request.body = body.dump();
    request.peer.account = net::PeerCredentials{0, 0, 42};
    return request;
  }
  static HttpRequest asked(HttpRequest::Pairs query) {
    HttpRequest request;
    request.method = "GET";
    request.query = std::move(query);
    return request;
  }
  std::vector<delivery::SitePause> saved() const {
    return delivery::load_site_pauses(folder_.path() + "/site-pauses").value();
  }
  static std::shared_ptr<const relay::Settings> settings(const std::string& data_dir) {
    auto config = std::make_shared<config::Config>();
    config->data_dir = data_dir;
    auto settings = std::make_shared<relay::Settings>();
    settings->config = std::move(config);
    return settings;
  }

  test::TemporaryDirectory folder_;
  metrics::Registry registry_;
  queue::MemoryStore store_;
  queue::Committer committer_{store_, registry_};
  relay::Admission admission_;
  delivery::SharedDelivery delivery_{1};
  relay::SettingsInForce settings_{settings(folder_.path())};
  std::atomic<bool> draining_{false};
  quota::Counters quotas_;
  test::ManualClock clock_;
  tlsrpt::Collector tls_reports_{clock_};
  SiteApi api_{{registry_, store_, committer_, admission_, delivery_, settings_, draining_, quotas_,
                tls_reports_, clock_}};
};

TEST_F(SiteApiTest, APauseIsOnDiskAndIsListedUntilItIsResumed) {
  const Json paused = Json::parse(
      api_.pause(posted({{"name", "mx:a.example"}, {"for", "2h"}, {"reason", "their wish"}})).body);
  EXPECT_EQ(paused["site"], "mx:a.example");
  EXPECT_EQ(paused["reason"], "their wish");
  EXPECT_TRUE(paused["until"].is_string());
  ASSERT_EQ(saved().size(), 1u);
  EXPECT_EQ(saved().front().reason, "their wish");
  EXPECT_EQ(saved().front().since, clock_.schedule_now());
  EXPECT_EQ(saved().front().until, clock_.schedule_now() + std::chrono::hours(2));
  EXPECT_EQ(api_.pause(posted({{"name", "mx:b.example"}})).status, 200);
  EXPECT_EQ(api_.pause(posted({{"name", "mx:a.example"}})).status, 200);  // instead of the first
  ASSERT_EQ(saved().size(), 2u);
  const Json listing = Json::parse(api_.list(asked({})).body);
  EXPECT_EQ(listing["total"], 0);
  ASSERT_EQ(listing["pauses"].size(), 2u);
  EXPECT_EQ(listing["pauses"][0]["site"], "mx:a.example");
  EXPECT_TRUE(listing["pauses"][0]["until"].is_null());
  EXPECT_EQ(Json::parse(api_.show(asked({{"name", "mx:a.example"}})).body)["pause"]["reason"], "");
  EXPECT_EQ(api_.resume(posted({{"name", "mx:a.example"}})).status, 200);
  EXPECT_EQ(api_.resume(posted({{"name", "mx:a.example"}})).status, 404);
  ASSERT_EQ(saved().size(), 1u);
  EXPECT_EQ(saved().front().site, "mx:b.example");
  EXPECT_EQ(delivery_.scheduler.figures().paused, 1u);
}

TEST_F(SiteApiTest, WhatCannotBeKeptDoesNotHold) {
  const SiteControl::Wish wish{.name = "mx:a.example", .reason = ""};
  relay::SettingsInForce nowhere(settings("/nonexistent/folder"));
  SiteControl sites({registry_, store_, committer_, admission_, delivery_, nowhere, draining_,
                     quotas_, tls_reports_, clock_});
  const auto paused = sites.pause(wish, "root");
  ASSERT_FALSE(paused);
  EXPECT_EQ(paused.error().code, Errc::Unavailable);
  EXPECT_EQ(delivery_.scheduler.figures().paused, 0u);
}

TEST_F(SiteApiTest, WhatIsNotUnderstoodIsRefused) {
  for (const Json& body :
       {Json{{"name", ""}}, Json::object(), Json::array(), Json{{"name", 7}},
        Json{{"name", "google"}, {"for", "soon"}}, Json{{"name", "google"}, {"for", "0s"}},
        Json{{"name", "google"}, {"for", "400d"}}, Json{{"name", "google"}, {"until", "now"}},
        Json{{"name", "google"}, {"reason", "two\nlines"}},
        Json{{"name", "google"}, {"reason", std::string(501, 'x')}}, Json{{"name", "a\nb"}}}) {
    EXPECT_EQ(api_.pause(posted(body)).status, 400) << body;
  }
  EXPECT_EQ(api_.resume(posted({{"name", "google"}, {"reason", "x"}})).status, 400);
  EXPECT_EQ(api_.show(asked({})).status, 400);
  for (const char* limit : {"0", "1001", "many", ""}) {
    EXPECT_EQ(api_.list(asked({{"limit", limit}})).status, 400) << limit;
  }
  EXPECT_EQ(api_.pause(posted({{"name", "nonsense"}})).status, 404);
  EXPECT_EQ(api_.show(asked({{"name", "mx:a.example"}})).status, 404);
  EXPECT_EQ(api_.show(asked({{"name", "a.example"}})).status, 503);  // nobody can be asked here
  EXPECT_TRUE(delivery_.scheduler.pauses().empty());
}

TEST_F(SiteApiTest, ANameThatNoSiteCanHaveIsNotPaused) {
  for (const char* name :
       {"smtp://relay.example:25", "mx:*.example", "mx:a..example", "mx:a.example, b.example",
        "smtp:other.example:25", "lmtp:unix:/none", "a:-", "mx:a.example by night"}) {
    const HttpResponse refused = api_.pause(posted({{"name", name}}));
    EXPECT_EQ(refused.status, 400) << name;
    EXPECT_TRUE(refused.body.contains(name)) << refused.body;
  }
  EXPECT_TRUE(saved().empty());
}

TEST_F(SiteApiTest, NoMoreThanAThousandArePaused) {
  delivery::Orders none;
  for (std::size_t i = 0; i < delivery::SitePauses::kMost; ++i) {
    (void)delivery_.scheduler.pause({.site = std::to_string(i), .by = "", .reason = ""}, {}, none);
  }
  EXPECT_EQ(api_.pause(posted({{"name", "mx:a.example"}})).status, 503);
}

}  // namespace
}  // namespace signpost::admin
