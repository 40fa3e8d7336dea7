#include "admin/routes.h"

#include "queue/memory_store.h"
#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace signpost::admin {
namespace {

using Json = nlohmann::json;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() { rules_.set({"secret", false, "relay.example", ""}); }

  static HttpRequest request(std::string method, std::string path, std::string body = "") {
    HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.headers = {{"Content-Type", "application/json"}};
    request.peer.account = net::PeerCredentials{0, 0, 42};
    return request;
  }
  static HttpRequest stranger(std::string method, std::string path) {
    HttpRequest asked = request(std::move(method), std::move(path));
    asked.peer = {std::nullopt, *net::SocketAddress::parse("127.0.0.1:51234")};
    return asked;
  }

  // As the server does it; work is done at once.
  HttpResponse response(const HttpRequest& asked) {
    if (auto refusal = routes_.refuse(asked)) return *refusal;
    HttpAnswer answer = routes_.answer(asked);
    is_work_ = std::holds_alternative<HttpWork>(answer);
    return is_work_ ? std::get<HttpWork>(answer)() : std::get<HttpResponse>(answer);
  }
  int status(const HttpRequest& asked) { return response(asked).status; }

  void enqueue(const std::string& id, const std::string& domain,
               const std::string& from = "orders@shop.example",
               const std::vector<std::string>& to = {"someone"},
               queue::JobState state = queue::JobState::Ready, const std::string& login = "") {
    auto message = std::make_shared<queue::Message>();
    message->envelope.id = *queue::MessageId::parse(id);
    message->envelope.login = login;
    if (!from.empty()) message->envelope.reverse_path = smtp::Mailbox::from_text(from);
    queue::Job job;
    job.ref.id = message->envelope.id;
    job.lane.domain = domain;
    job.state = state;
    for (const std::string& local : to) {
      job.recipients.push_back({smtp::Mailbox(local, domain), {}, ""});
    }
    queue::Change change;
    change.enqueued.push_back({message, {job}});
    const std::array<const queue::Change*, 1> changes{&change};
    ASSERT_TRUE(store_.apply(changes));
  }

  metrics::Registry registry_;
  queue::MemoryStore store_;
  queue::Committer committer_{store_, registry_};
  relay::Admission admission_;
  delivery::SharedDelivery delivery_{1};
  relay::SettingsInForce settings_{std::make_shared<const relay::Settings>()};
  std::atomic<bool> draining_{false};
  SharedAccessRules rules_;
  std::vector<std::string> mistakes_;
  std::string reloaded_by_;
  bool is_work_ = false;
  quota::Counters quotas_;
  test::ManualClock clock_;
  tlsrpt::Collector tls_reports_{clock_};
  Routes routes_{{registry_, store_, committer_, admission_, delivery_, settings_, draining_,
                  quotas_, tls_reports_, clock_},
                 rules_,
                 [this](std::string_view by) {
                   reloaded_by_ = by;
                   return ReloadOutcome{.errors = mistakes_, .warnings = {"a login is gone"}};
                 }};
};

constexpr const char* kOne = "0000000000000001";
constexpr const char* kTwo = "0000000000000002";

TEST_F(RoutesTest, HealthAndMetricsAreAnsweredAtOnce) {
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(status(stranger("GET", path)), 200) << path;
    EXPECT_EQ(status(stranger("HEAD", path)), 200) << path;
    EXPECT_FALSE(is_work_) << path;
  }
  EXPECT_EQ(response(stranger("GET", "/readyz")).body, "ready\n");
  EXPECT_NE(response(stranger("GET", "/metrics")).body.find("signpost_"), std::string::npos);
}

TEST_F(RoutesTest, WhileItDrainsItSaysSoShowsTheQueueAndChangesNothing) {
  enqueue(kOne, "example.net");
  draining_ = true;
  EXPECT_EQ(status(stranger("GET", "/healthz")), 200);
  EXPECT_EQ(status(stranger("GET", "/metrics")), 200);
  const HttpResponse ready = response(stranger("GET", "/readyz"));
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "draining: the relay is stopping\n");
  EXPECT_EQ(Json::parse(response(request("GET", "/api/v1/queue")).body)["jobs"].size(), 1u);
  const std::string all = R"({"all": true})";
  for (const char* path :
       {"/api/v1/queue/retry", "/api/v1/queue/remove", "/api/v1/queue/bounce", "/api/v1/site/pause",
        "/api/v1/site/resume", "/api/v1/tls-report/send", "/api/v1/reload"}) {
    const HttpResponse refused = response(request("POST", path, all));
    EXPECT_EQ(refused.status, 503) << path;
    EXPECT_NE(refused.body.find("the relay is stopping"), std::string::npos) << path;
  }
  EXPECT_EQ(reloaded_by_, "");
  EXPECT_EQ(store_.totals().ready, 1u);
}

TEST_F(RoutesTest, ReportsOnTlsAreListedShownAndSent) {
  constexpr const char* kList = "/api/v1/tls-reports";
  constexpr const char* kShow = "/api/v1/tls-report";
  constexpr const char* kSend = "/api/v1/tls-report/send";
  HttpRequest show = request("GET", kShow);
  show.query = {{"domain", "Receiver.example"}};
  EXPECT_EQ(status(show), 409) << "reports are off";
  EXPECT_EQ(response(request("POST", kSend, R"({"all":true})")).body,
            "{\"error\":\"reports on TLS are off: set tlsrpt.from\"}\n");
  auto config = std::make_shared<config::Config>();
  config->tlsrpt.from = "tls@shop.example";
  auto settings = std::make_shared<relay::Settings>();
  settings->config = config;
  settings_.set(settings);
  tls_reports_.set_wanted(true);
  tls_reports_.record({.recipient_domain = "receiver.example", .policy = {}, .failure = {}});
  tls_reports_.record({.recipient_domain = "other.example",
                       .policy = {.domain = "other.example"},
                       .failure = tlsrpt::Failure{.type = tlsrpt::ResultType::TlsaInvalid}});

  const Json listing = Json::parse(response(request("GET", kList)).body);
  EXPECT_TRUE(is_work_);
  EXPECT_EQ(listing["from"], "tls@shop.example");
  EXPECT_EQ(listing["total"], 2);
  EXPECT_EQ(listing["reports"][0]["domain"], "other.example") << "which fails most";
  EXPECT_EQ(listing["reports"][0]["failed"], 1);
  EXPECT_EQ(listing["reports"][1]["state"], "waiting");

  const Json shown = Json::parse(response(show).body);
  EXPECT_EQ(shown["report"]["policies"][0]["policy"]["policy-type"], "no-policy-found");
  show.query.emplace_back("day", "2020-01-01");
  EXPECT_EQ(status(show), 404);
  show.query.back().second = "yesterday";
  EXPECT_EQ(status(show), 400);

  EXPECT_EQ(status(request("POST", kSend, R"({"all":true})")), 404) << "the day is not over";
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(Json::parse(response(request("POST", kSend, R"({"all":true})")).body)["reports"], 2);
  EXPECT_EQ(status(request("POST", kSend, R"({"domain":"other.example"})")), 200);
  EXPECT_EQ(status(request("POST", kSend, R"({"domain":"third.example"})")), 404);
  for (const char* body : {"{}", "[]", R"({"all":false})", R"({"domain":"a.example","all":true})",
                           R"({"domain":1})", R"({"domain":""})", R"({"all":true,"day":"x"})"}) {
    EXPECT_EQ(status(request("POST", kSend, body)), 400) << body;
  }
  EXPECT_EQ(status(request("GET", kSend)), 405);
  EXPECT_EQ(status(stranger("GET", kList)), 401);
}

TEST_F(RoutesTest, ALoginIsShownWithWhatItUsed) {
  auto settings = std::make_shared<relay::Settings>();
  auto config = std::make_shared<config::Config>();
  config->users_file = "/etc/signpost/users.toml";
  config->limits.login_rate = {500, std::chrono::hours(1)};
  config->limits.client_daily = 7;
  config::TenantConfig& acme = config->tenants.emplace_back();
  acme.name = "acme";
  acme.daily = 2000;
  acme.recipients_per_message = 50;
  settings->config = config;
  settings->users =
      auth::Users::parse(
          "[shop]\npassword = \"{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
          "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.\"\n"
          "tenant = \"acme\"\nsenders = [\"@acme.example\"]\n",
          "users.toml")
          .value();
  HttpRequest asked = request("GET", "/api/v1/user");
  asked.query = {{"name", "shop"}};
  settings_.set(settings);
  const quota::Holder login{quota::Scope::Login, "shop", {config->limits.login_rate, std::nullopt}};
  ASSERT_TRUE(quotas_.take(std::vector{login}, 120, system_now()));
  const Json shown = Json::parse(response(asked).body);
  EXPECT_EQ(shown["name"], "shop");
  EXPECT_EQ(shown["listed"], true);
  EXPECT_EQ(shown["tenant"], "acme");
  EXPECT_EQ(shown["senders"], Json::array({"@acme.example"}));
  EXPECT_EQ(shown["otherwise"], "reject");
  EXPECT_EQ(shown["recipients_per_message"], 50);
  ASSERT_EQ(shown["limits"].size(), 2U) << shown;
  const Json& rate = shown["limits"][0];
  EXPECT_EQ(rate["scope"], "login");
  EXPECT_EQ(rate["name"], "shop");
  EXPECT_EQ(rate["limit"], "rate");
  EXPECT_EQ(rate["most"], 500);
  EXPECT_EQ(rate["seconds"], 3600);
  EXPECT_LE(rate["used"], 120);
  EXPECT_EQ(rate["used"].get<int>() + rate["left"].get<int>(), 500);
  EXPECT_TRUE(rate["until"].is_null());
  const Json& daily = shown["limits"][1];
  EXPECT_EQ(daily["scope"], "tenant");
  EXPECT_EQ(daily["limit"], "daily");
  EXPECT_EQ(daily["left"], 2000);
  EXPECT_TRUE(daily["until"].get<std::string>().ends_with("T00:00:00Z")) << daily;

  asked.query = {{"name", "nobody"}};
  EXPECT_EQ(status(asked), 404);
  EXPECT_EQ(Json::parse(response(asked).body)["error"],
            "there is no login nobody in /etc/signpost/users.toml");
  asked.query = {{"name", "uid:33"}};  // an account of this machine
  EXPECT_EQ(Json::parse(response(asked).body)["listed"], false);
  for (const HttpRequest::Pairs& query : {HttpRequest::Pairs{}, HttpRequest::Pairs{{"name", ""}},
                                          HttpRequest::Pairs{{"user", "shop"}},
                                          HttpRequest::Pairs{{"name", "shop"}, {"name", "a"}}}) {
    asked.query = query;
    EXPECT_EQ(status(asked), 400);
  }
  EXPECT_EQ(status(request("POST", "/api/v1/user", "{}")), 405);
  EXPECT_EQ(status(stranger("GET", "/api/v1/user")), 401);
}

TEST_F(RoutesTest, TheRelaySaysWhichOneItIs) {
  auto settings = std::make_shared<relay::Settings>();
  auto config = std::make_shared<config::Config>();
  config->file = "/etc/signpost/signpost.toml";
  config->data_dir = "/srv/queue";
  config->hostname = "relay.example";
  config->listeners.emplace_back().name = "0.0.0.0:587";
  settings->config = config;
  settings_.set(settings);
  EXPECT_EQ(Json::parse(response(request("GET", "/api/v1/relay")).body),
            Json({{"config", "/etc/signpost/signpost.toml"},
                  {"data_dir", "/srv/queue"},
                  {"hostname", "relay.example"},
                  {"listeners", {"0.0.0.0:587"}}}));
  EXPECT_EQ(status(stranger("GET", "/api/v1/relay")), 401);
  EXPECT_EQ(status(request("POST", "/api/v1/relay", "{}")), 405);
}

TEST_F(RoutesTest, ARelayThatStopsIsNotReady) {
  draining_ = true;
  const HttpResponse answer = response(stranger("GET", "/readyz"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "draining: the relay is stopping\n");
  EXPECT_EQ(status(stranger("GET", "/healthz")), 200);
}

TEST_F(RoutesTest, UnknownPathsAreNotFound) {
  for (const char* path : {"/", "", "/nonsense", "/metrics/", "/healthz/x"}) {
    EXPECT_EQ(status(stranger("GET", path)), 404) << path;
    EXPECT_EQ(status(request("POST", path)), 404) << path;
  }
  EXPECT_EQ(status(request("GET", "/api/v1/nonsense")), 404);
}

TEST_F(RoutesTest, MethodsThatAPathDoesNotHaveAreRefused) {
  for (const char* path : {"/api/v1/queue/retry", "/api/v1/queue/remove", "/api/v1/queue/hold",
                           "/api/v1/queue/release", "/api/v1/reload"}) {
    const HttpResponse answer = response(request("GET", path));
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.headers, (HttpRequest::Pairs{{"Allow", "POST"}}));
    EXPECT_EQ(status(request("PUT", path, "{}")), 405) << path;
  }
  for (const char* path : {"/metrics", "/healthz", "/api/v1/queue", "/api/v1/queue/summary"}) {
    EXPECT_EQ(status(request("POST", path, "{}")), 405) << path;
    EXPECT_EQ(status(request("DELETE", path)), 405) << path;
  }
}

// 405 before 415: no content would make the method right (RFC 9110 sections 15.5.6 and 15.5.16).
TEST_F(RoutesTest, ContentIsJudgedForMethodsThatAPathHasOnly) {
  const auto plain = [](std::string method, std::string path) {
    HttpRequest asked = request(std::move(method), std::move(path), "x");
    asked.headers = {{"Content-Type", "text/plain"}};
    return asked;
  };
  EXPECT_EQ(status(plain("POST", "/api/v1/queue/remove")), 415);
  EXPECT_EQ(status(plain("POST", "/api/v1/reload")), 415);
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "get"}) {
    for (const char* path : {"/api/v1/queue", "/api/v1/queue/remove", "/api/v1/reload"}) {
      EXPECT_EQ(status(plain(method, path)), 405) << method << path;
      HttpRequest bare = plain(method, path);
      bare.headers.clear();
      EXPECT_EQ(status(bare), 405) << method << path;
    }
  }
  EXPECT_EQ(status(plain("POST", "/metrics")), 405);
}

TEST_F(RoutesTest, AStrangerIsToldAboutTheToken) {
  const HttpResponse answer = response(stranger("GET", "/api/v1/queue"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers, (HttpRequest::Pairs{{"WWW-Authenticate", "Bearer"}}));
  EXPECT_EQ(Json::parse(answer.body)["error"], "the token of admin.token_file is required");
}

TEST_F(RoutesTest, TheQueueIsListedPageByPage) {
  enqueue(kOne, "a.example");
  enqueue(kTwo, "b.example");
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"limit", "1"}};
  const Json first = Json::parse(response(asked).body);
  EXPECT_TRUE(is_work_);
  ASSERT_EQ(first["jobs"].size(), 1U);
  EXPECT_EQ(first["jobs"][0]["id"], kOne);
  EXPECT_EQ(first["jobs"][0]["to"], Json::array({"someone@a.example"}));
  asked.query.emplace_back("after", first["next"].get<std::string>());
  EXPECT_EQ(Json::parse(response(asked).body)["jobs"][0]["id"], kTwo);
  asked.query = {{"to", "b.example"}};
  EXPECT_EQ(Json::parse(response(asked).body)["jobs"].size(), 1U);
}

// A reload counts from then on.
TEST_F(RoutesTest, AJobSaysWhenItIsGivenUp) {
  enqueue(kOne, "a.example");
  enqueue(kTwo, "a.example", "orders@shop.example", {"someone"}, queue::JobState::Held);
  const auto job = [this](std::size_t number) {
    return Json::parse(response(request("GET", "/api/v1/queue")).body)["jobs"].at(number);
  };
  EXPECT_EQ(job(0)["received"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(job(0)["expires"], "1970-01-06T00:00:00Z") << "the default, 5 days";
  auto reloaded = std::make_shared<relay::Settings>();
  reloaded->retry.expire = std::chrono::hours(48);
  settings_.set(reloaded);
  EXPECT_EQ(job(0)["expires"], "1970-01-03T00:00:00Z");
  EXPECT_EQ(job(1)["state"], "held");
  EXPECT_TRUE(job(1)["expires"].is_null());
}

TEST_F(RoutesTest, ADomainIsFoundInEachSpelling) {
  enqueue(kOne, "xn--bcher-kva.example");
  enqueue(kTwo, "b.example");
  for (const char* to : {"bücher.example", "BÜCHER.example", "xn--bcher-kva.example",
                         "someone@bücher.example", "someone@XN--BCHER-KVA.example"}) {
    HttpRequest asked = request("GET", "/api/v1/queue");
    asked.query = {{"to", to}};
    const Json jobs = Json::parse(response(asked).body)["jobs"];
    ASSERT_EQ(jobs.size(), 1U) << to;
    EXPECT_EQ(jobs[0]["id"], kOne) << to;
    EXPECT_EQ(jobs[0]["to"][0], "someone@xn--bcher-kva.example") << to;
  }
}

TEST_F(RoutesTest, AListingWithNonsenseIsRefused) {
  for (const auto& [name, value] :
       HttpRequest::Pairs{{"limit", "0"},       {"limit", "1001"},
                          {"limit", "x"},       {"limit", "1 "},
                          {"after", "xy"},      {"after", "abc"},
                          {"state", "sad"},     {"state", ""},
                          {"to", ""},           {"user", ""},
                          {"from", ""},         {"limit", "-1"},
                          {"limit", ""},        {"limit", "99999999999999999999"},
                          {"too", "a.example"}, {"all", "true"},
                          {"to", "*."},         {"to", "\u00ad"},
                          {"from", "a b"},      {"user", "@"}}) {
    HttpRequest asked = request("GET", "/api/v1/queue");
    asked.query = {{name, value}};
    const HttpResponse answer = response(asked);
    EXPECT_EQ(answer.status, 400) << name << "=" << value;
    EXPECT_TRUE(Json::parse(answer.body)["error"].get<std::string>().contains(name)) << answer.body;
  }
}

TEST_F(RoutesTest, TwoFiltersOfOneNameAreRefused) {
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"to", "a.example"}, {"to", "b.example"}};
  EXPECT_EQ(Json::parse(response(asked).body)["error"], "to is given twice");
  EXPECT_EQ(Json::parse(response(request("POST", "/api/v1/queue/remove",
                                         R"({"to": "a.example", "to": "b.example"})"))
                            .body)["error"],
            "to is given twice");
}

TEST_F(RoutesTest, APatternSelectsDomainsAddressesAndLogins) {
  enqueue(kOne, "a.example", "orders@shop.example", {"ann", "bob"});
  enqueue(kTwo, "b.example", "");
  const auto found = [&](const HttpRequest::Pairs& query) {
    HttpRequest asked = request("GET", "/api/v1/queue");
    asked.query = query;
    std::string ids;
    const Json answer = Json::parse(response(asked).body);
    for (const Json& job : answer["jobs"]) ids += job["id"].get<std::string>().back();
    return ids;
  };
  EXPECT_EQ(found({{"to", "*"}}), "12");
  EXPECT_EQ(found({{"to", "@a.example"}}), "1");
  EXPECT_EQ(found({{"to", "*.example"}}), "12");
  EXPECT_EQ(found({{"to", "b*@*"}}), "1");
  EXPECT_EQ(found({{"from", "*"}}), "1") << "the null reverse-path is no address";
  EXPECT_EQ(found({{"from", "@shop.*"}}), "1");
  EXPECT_EQ(found({{"user", "*"}}), "") << "no message has a login";
  EXPECT_EQ(found({{"until", kOne}}), "1");
}

TEST_F(RoutesTest, OneMessageIsShown) {
  enqueue(kOne, "a.example");
  const Json shown =
      Json::parse(response(request("GET", std::string("/api/v1/queue/") + kOne)).body);
  EXPECT_EQ(shown["from"], "orders@shop.example");
  EXPECT_EQ(shown["jobs"].size(), 1U);
  EXPECT_EQ(status(request("GET", std::string("/api/v1/queue/") + kTwo)), 404);
  EXPECT_EQ(status(request("GET", "/api/v1/queue/../x")), 404);
}

TEST_F(RoutesTest, AChangeMustSayOfWhat) {
  for (const char* body : {"", "{}", "[]", "nonsense", "{\"state\": \"held\"}", "{\"to\": 5}",
                           "{\"to\": \"\"}", "{\"id\": null}", "{\"id\": \"\"}"}) {
    EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", body)), 400) << body;
  }
  EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", "{\"id\": \"x\"}")), 404);
  const std::string deep(60'000, '[');
  EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", deep)), 400);
}

// An empty one beside others would select what they select, and more than was meant.
TEST_F(RoutesTest, AnEmptyValueIsRefusedAsOnTheCommandLine) {
  enqueue(kOne, "a.example");
  for (const char* other : {R"("id": "")", R"("from": "")", R"("user": "")"}) {
    const std::string body = std::string(R"({"to": "a.example", )") + other + "}";
    EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", body)), 400) << body;
  }
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"to", "a.example"}, {"from", ""}};
  EXPECT_EQ(Json::parse(response(asked).body)["error"],
            "from is empty; leave it out to select all, or write <> for the null reverse-path");
  EXPECT_TRUE(*store_.job({*queue::MessageId::parse(kOne), 0, 0}));
}

TEST_F(RoutesTest, TheNullReversePathIsShown) {
  enqueue(kOne, "a.example");
  enqueue(kTwo, "a.example", "");
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"from", "<>"}};
  const Json jobs = Json::parse(response(asked).body)["jobs"];
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0]["id"], kTwo);
}

// A reader of many recipients looks for those who were asked for.
TEST_F(RoutesTest, TheRequestedRecipientsComeFirst) {
  enqueue(kOne, "a.example", "orders@shop.example", {"ann", "bob", "cy", "dee", "eve"});
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"to", "DEE@A.example"}};
  const Json jobs = Json::parse(response(asked).body)["jobs"];
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0]["to"], Json::array({"dee@a.example", "ann@a.example", "bob@a.example",
                                        "cy@a.example", "eve@a.example"}));
}

TEST_F(RoutesTest, ASummaryCountsByDomainSiteReplyAndLogin) {
  enqueue(kOne, "a.example", "orders@shop.example", {"ann", "bob"});
  enqueue(kTwo, "b.example");
  HttpRequest asked = request("GET", "/api/v1/queue/summary");
  const Json all = Json::parse(response(asked).body);
  EXPECT_TRUE(is_work_);
  EXPECT_EQ(all["jobs"], 2);
  EXPECT_EQ(all["recipients"], 3);
  EXPECT_EQ(all["domains"], Json::array({{{"name", "a.example"}, {"jobs", 1}, {"recipients", 2}},
                                         {{"name", "b.example"}, {"jobs", 1}, {"recipients", 1}}}));
  for (const char* group : {"sites", "replies", "users"}) {
    EXPECT_EQ(all[group], Json::array({{{"name", ""}, {"jobs", 2}, {"recipients", 3}}})) << group;
  }
  EXPECT_EQ(all["states"][0]["name"], "ready");
  EXPECT_EQ(all["first"], kOne);
  EXPECT_EQ(all["last"], kTwo);
  EXPECT_EQ(all["next"], "");
  asked.query = {{"to", "ann@*"}};
  const Json some = Json::parse(response(asked).body);
  EXPECT_EQ(some["jobs"], 1);
  EXPECT_EQ(some["recipients"], 1) << "the one that is meant";
  asked.query = {{"limit", "5"}};
  EXPECT_EQ(status(asked), 400);
}

TEST_F(RoutesTest, RepliesAreGroupedWithoutTheirWords) {
  QueueSummary summary;
  const auto add = [&](const smtp::Reply& reply) {
    summary.add({.job = {}, .envelope = {}}, 1, "deferred", "mx:a.example", reply);
  };
  add({451, {4, 7, 1}, "Greylisted, 4711"});
  add({451, {4, 7, 1}, "Greylisted, 4712"});
  add({450, {}, "later"});
  add({0, {4, 4, 1}, "connecting to mx.a.example failed"});
  add({});
  ASSERT_EQ(summary.replies.size(), 4U);
  EXPECT_EQ(summary.replies.at("451 4.7.1").jobs, 2U);
  EXPECT_EQ(summary.replies.at("451 4.7.1").example, "451 4.7.1 Greylisted, 4711");
  EXPECT_EQ(summary.replies.at("450").jobs, 1U);
  EXPECT_EQ(summary.replies.at("4.4.1").jobs, 1U);
  EXPECT_EQ(summary.replies.at("").jobs, 1U);
  EXPECT_EQ(summary.sites.at("mx:a.example").jobs, 5U);
}

TEST_F(RoutesTest, TheWholeQueueIsChangedOnlyWhenThatIsSaid) {
  for (const char* body :
       {R"({"all": false})", R"({"all": "true"})", R"({"all": 1})", R"({"all": true, "to": "*"})",
        R"({"until": "0000000000000001"})", R"({"after": ""})", R"({"all": {"all": true}})"}) {
    EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", body)), 400) << body;
  }
  HttpRequest asked = request("POST", "/api/v1/queue/remove", R"({"all": true})");
  EXPECT_EQ(status(asked), 200);
  asked.query = {{"to", "a.example"}};
  EXPECT_EQ(status(asked), 400) << "a filter that would not count";
}

TEST_F(RoutesTest, ARedirectionIsStoredWithTheJob) {
  auto config = std::make_shared<config::Config>();
  config::RouteConfig& route = config->routes.emplace_back();
  route.recipients = {"b.example"};
  route.via = "smtp://relay.example:25";
  auto settings = std::make_shared<relay::Settings>();
  settings->config = config;
  settings_.set(settings);
  enqueue(kOne, "a.example", "orders@shop.example", {"someone"}, queue::JobState::Held);
  const auto redirect = [&](const std::string& rest) {
    return response(
        request("POST", "/api/v1/queue/redirect", R"({"id": "0000000000000001", )" + rest + "}"));
  };
  const HttpResponse unknown = redirect(R"("via": "smtp://other.example:25")");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(
      Json::parse(unknown.body)["error"],
      R"(no [[route]] has via = "smtp://other.example:25"; there are: smtp://relay.example:25, mx)");
  for (const char* rest :
       {R"("via": "")", R"("clear": false)", R"("clear": "true")",
        R"("clear": true, "via": "smtp://relay.example:25")", R"("until": "0000000000000001")"}) {
    EXPECT_EQ(redirect(rest).status, 400) << rest;
  }
}

TEST_F(RoutesTest, AReasonIsOneLineOfAscii) {
  for (const char* reason : {"", "two\\nlines", "\xc3\xa4"}) {
    const std::string body =
        R"({"id": "0000000000000001", "reason": ")" + std::string(reason) + "\"}";
    EXPECT_EQ(status(request("POST", "/api/v1/queue/bounce", body)), 400) << body;
  }
  EXPECT_EQ(
      status(request("POST", "/api/v1/queue/remove", R"({"to": "a.example", "reason": "x"})")),
      400);
  EXPECT_EQ(
      status(request("POST", "/api/v1/queue/bounce", R"({"to": "a.example", "reason": "x"})")),
      200);
}

TEST_F(RoutesTest, ATenantSelectsTheMailOfItsLogins) {
  auto config = std::make_shared<config::Config>();
  config->tenants.emplace_back().name = "acme";
  auto settings = std::make_shared<relay::Settings>();
  settings->config = config;
  settings->users =
      auth::Users::parse(
          "[shop]\npassword = \"{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
          "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.\"\n"
          "tenant = \"acme\"\n",
          "users.toml")
          .value();
  settings_.set(settings);
  enqueue(kOne, "a.example", "orders@shop.example", {"someone"}, queue::JobState::Ready, "shop");
  enqueue(kTwo, "a.example", "orders@shop.example", {"someone"}, queue::JobState::Ready, "other");
  HttpRequest asked = request("GET", "/api/v1/queue");
  asked.query = {{"tenant", "acme"}};
  const Json listed = Json::parse(response(asked).body);
  ASSERT_EQ(listed["jobs"].size(), 1U);
  EXPECT_EQ(listed["jobs"][0]["user"], "shop");
  asked.query = {{"tenant", "nobody"}};
  EXPECT_EQ(Json::parse(response(asked).body)["jobs"].size(), 0U);
  asked.query = {{"site", "nonsense"}};
  EXPECT_EQ(status(asked), 404);
}

TEST_F(RoutesTest, AChangeEndsWhenTheRelayStops) {
  enqueue(kOne, "a.example");
  draining_ = true;
  EXPECT_EQ(status(request("POST", "/api/v1/queue/remove", "{\"to\": \"a.example\"}")), 503);
  EXPECT_TRUE(*store_.job({*queue::MessageId::parse(kOne), 0, 0}));
}

TEST_F(RoutesTest, AReloadSaysWhoAskedAndWhatIsWrong) {
  const HttpResponse done = response(request("POST", "/api/v1/reload", "{}"));
  EXPECT_EQ(done.status, 200);
  EXPECT_NE(done.body.find("\"warnings\":[\"a login is gone\"]"), std::string::npos) << done.body;
  EXPECT_EQ(reloaded_by_, "root, uid 0, pid 42");
  HttpRequest by_tcp = stranger("POST", "/api/v1/reload");
  EXPECT_EQ(status(by_tcp), 401);
  by_tcp.headers.emplace_back("Authorization", "Bearer secret");
  mistakes_ = {"one", "two"};
  const HttpResponse answer = response(by_tcp);
  EXPECT_EQ(reloaded_by_, "127.0.0.1:51234");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(Json::parse(answer.body)["errors"], Json::array({"one", "two"}));
}

}  // namespace
}  // namespace signpost::admin
