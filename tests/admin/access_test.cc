#include "admin/access.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::admin {
namespace {

constexpr const char* kJson = "application/json";

class Access : public ::testing::Test {
 protected:
  static HttpRequest by_tcp(std::string method, std::string path) {
    HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = {{"Host", "127.0.0.1:8025"}};
    request.peer.address = *net::SocketAddress::parse("127.0.0.1:51234");
    return request;
  }
  static HttpRequest by_socket(std::string method, std::string path) {
    HttpRequest request = by_tcp(std::move(method), std::move(path));
    request.peer.account = net::PeerCredentials{1000, 1000, 42};
    return request;
  }
  static HttpRequest with(HttpRequest request, std::string name, std::string value) {
    std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
  }
  // 200: allowed.
  int status(const HttpRequest& request) const {
    const auto refusal = refusal_of(rules_, request);
    return refusal ? refusal->status : 200;
  }

  AccessRules rules_{"", false, "relay.example", "/run/signpost/admin.sock"};
};

TEST_F(Access, WithoutATokenTcpServesHealthAndMetricsOnly) {
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(status(by_tcp("GET", path)), 200) << path;
    EXPECT_EQ(status(by_tcp("HEAD", path)), 200) << path;
  }
  for (const char* path :
       {"/api/v1/queue", "/api/v1/queue/01hx", "/", "/metrics/", "/METRICS", ""}) {
    EXPECT_EQ(status(by_tcp("GET", path)), 403) << path;
  }
  for (const char* path : {"/api/v1/queue/remove", "/api/v1/queue/retry", "/api/v1/reload"}) {
    EXPECT_EQ(status(with(by_tcp("POST", path), "Content-Type", kJson)), 403) << path;
  }
}

TEST_F(Access, WithoutAConfiguredTokenNoTokenIsAccepted) {
  for (const char* given : {"", "Bearer ", "Bearer", "Bearer x"}) {
    EXPECT_EQ(status(with(by_tcp("GET", "/api/v1/queue"), "Authorization", given)), 403) << given;
  }
}

TEST_F(Access, TheRefusalSaysWhereTheApiIs) {
  EXPECT_EQ(
      refusal_of(rules_, by_tcp("GET", "/api/v1/queue"))->reason,
      "without admin.token_file only health and metrics are served here; the API is at the unix "
      "socket /run/signpost/admin.sock");
  rules_.socket.clear();
  EXPECT_EQ(refusal_of(rules_, by_tcp("GET", "/api/v1/queue"))->reason,
            "without admin.token_file only health and metrics are served here");
}

TEST_F(Access, TheTokenOpensTheApi) {
  rules_.token = "open sesame";
  const HttpRequest plain = by_tcp("GET", "/api/v1/queue");
  EXPECT_EQ(status(plain), 401);
  EXPECT_EQ(status(with(plain, "Authorization", "Bearer open sesame")), 200);
  EXPECT_EQ(status(with(plain, "authorization", "Bearer open sesame")), 200);
  for (const char* scheme : {"bearer ", "BEARER ", "Bearer  "}) {
    EXPECT_EQ(status(with(plain, "Authorization", scheme + rules_.token)), 200) << scheme;
  }
  for (const char* wrong :
       {"Bearer open sesam", "Bearer open sesame ", "Bearer Open sesame", "open sesame",
        "Basic open sesame", "Bearer ", "Bearer", "Beareropen sesame", "bearer", ""}) {
    EXPECT_EQ(status(with(plain, "Authorization", wrong)), 401) << wrong;
  }
}

TEST_F(Access, MetricsRequireTheTokenWhereTheRulesSaySo) {
  rules_.token = "secret";
  rules_.token_for_metrics = true;
  EXPECT_EQ(status(by_tcp("GET", "/metrics")), 401);
  EXPECT_EQ(status(with(by_tcp("GET", "/metrics"), "Authorization", "Bearer secret")), 200);
  EXPECT_EQ(status(by_tcp("GET", "/healthz")), 200);
  EXPECT_EQ(status(by_tcp("GET", "/readyz")), 200);
  EXPECT_EQ(status(by_socket("GET", "/metrics")), 200);
}

TEST_F(Access, ClientsOfTheSocketNeedNoToken) {
  rules_.token = "secret";
  EXPECT_EQ(status(by_socket("GET", "/api/v1/queue")), 200);
  EXPECT_EQ(status(with(by_socket("POST", "/api/v1/reload"), "Content-Type", kJson)), 200);
}

TEST_F(Access, AHostThatDnsCouldPointAtUsIsRefused) {
  for (const char* ours : {"127.0.0.1", "127.0.0.1:8025", "192.0.2.7:80", "[::1]:8025", "[::1]",
                           "localhost", "LocalHost:8025", "relay.example", "RELAY.example:1", ""}) {
    EXPECT_EQ(status(with(by_tcp("GET", "/metrics"), "Host", ours)), 200) << ours;
  }
  for (const char* foreign :
       {"evil.example", "evil.example:8025", "relay.example.evil.example", "127.0.0.1.evil.example",
        "localhost.evil.example", "[evil]", "[::1].evil.example", ":8025", " ", "a@127.0.0.1",
        "2130706433", "localhost:80@evil.example", "relay.example:x", "localhost@evil.example"}) {
    for (const char* path : {"/metrics", "/healthz", "/api/v1/queue"}) {
      EXPECT_EQ(status(with(by_tcp("GET", path), "Host", foreign)), 421) << foreign;
    }
  }
}

// RFC 9112 section 3.2.2: a proxy asks like this, and the Host field does not count.
TEST_F(Access, TheHostOfAWholeUriIsTheOneThatCounts) {
  HttpRequest request = with(by_tcp("GET", "/metrics"), "Host", "127.0.0.1");
  request.authority = "evil.example";
  EXPECT_EQ(status(request), 421);
  request = with(by_tcp("GET", "/metrics"), "Host", "evil.example");
  request.authority = "relay.example:8025";
  EXPECT_EQ(status(request), 200);
}

TEST_F(Access, TheTokenShowsThatNoPageAsks) {
  rules_.token = "secret";
  const HttpRequest foreign = with(by_tcp("GET", "/metrics"), "Host", "prometheus-target:8025");
  EXPECT_EQ(status(foreign), 421);
  EXPECT_EQ(status(with(foreign, "Authorization", "Bearer secret")), 200);
}

TEST_F(Access, AnUnknownHostnameMatchesNoHost) {
  rules_.hostname.clear();
  EXPECT_EQ(status(with(by_tcp("GET", "/metrics"), "Host", ":80")), 421);
}

TEST_F(Access, AChangeHasNoOrigin) {
  rules_.token = "secret";
  for (HttpRequest request :
       {by_socket("POST", "/api/v1/queue/remove"),
        with(by_tcp("POST", "/api/v1/queue/remove"), "Authorization", "Bearer secret")}) {
    request = with(std::move(request), "Content-Type", kJson);
    EXPECT_EQ(status(request), 200);
    for (const char* origin : {"https://evil.example", "http://127.0.0.1:8025", "null"}) {
      EXPECT_EQ(status(with(request, "Origin", origin)), 403) << origin;
    }
  }
  EXPECT_EQ(status(with(by_tcp("GET", "/metrics"), "Origin", "https://evil.example")), 200);
}

TEST(ContentRefusal, AChangeIsJson) {
  const auto status = [](std::string_view method, const char* type) {
    HttpRequest request;
    request.method = method;
    if (type != nullptr) request.headers.emplace_back("Content-Type", type);
    const auto refusal = content_refusal(request);
    return refusal ? refusal->status : 200;
  };
  EXPECT_EQ(status("POST", nullptr), 415);
  EXPECT_EQ(status("GET", nullptr), 200);
  for (const char* json :
       {kJson, "Application/JSON", "application/json; charset=utf-8", "application/json ;x"}) {
    EXPECT_EQ(status("POST", json), 200) << json;
  }
  for (const char* other :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
        "application/json5", "text/plain; application/json", ""}) {
    EXPECT_EQ(status("POST", other), 415) << other;
  }
}

TEST(SharedAccessRules, AReloadReplacesThemAtOnce) {
  SharedAccessRules shared;
  EXPECT_EQ(shared.get()->token, "");
  const auto before = shared.get();
  shared.set({"new", true, "h", "s"});
  EXPECT_EQ(shared.get()->token, "new");
  EXPECT_EQ(before->token, "");  // a decision under way keeps the rules it began with
}

}  // namespace
}  // namespace signpost::admin
