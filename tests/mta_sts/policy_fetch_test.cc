#include "mta_sts/policy_fetch.h"

#include "base/enum_texts.h"
#include "mta_sts/policy.h"
#include "net/timer.h"
#include "tests/support/https_server.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace signpost::mta_sts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPolicy =
    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: 86400\r\n";

// Servers of their own certificates on addresses of their own, all on one port, and what comes of
// fetches.
class OverHttps : public testing::Test {
 protected:
  OverHttps() {
    for (const char* const name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
      ::unsetenv(name);
    }
    good_ = test::make_certificate({"DNS:mta-sts.good.example"});
    expired_ = test::issue_certificate({.names = {"DNS:mta-sts.good.example"},
                                        .common_name = "expired",
                                        .is_authority = true,
                                        .last_day = -1});
    ::setenv("SSL_CERT_FILE",
             folder_.write("trusted.pem", good_.certificate + expired_.certificate).c_str(), 1);
    server_ = std::make_unique<test::HttpsServer>(
        loop_, net::SocketAddress::parse("127.0.0.1:0").value(), good_);
    server_->responds(200, "text/plain", kPolicy);
    fetch_ = over_https({.port = server_->port(), .time = 20s});
  }
  ~OverHttps() override { ::unsetenv("SSL_CERT_FILE"); }

  std::unique_ptr<test::HttpsServer> serve(const std::string& address,
                                           const test::TestCertificate& certificate) {
    auto server = std::make_unique<test::HttpsServer>(
        loop_, net::SocketAddress{net::IpAddress::parse(address).value(), server_->port()},
        certificate);
    server->responds(200, "text/plain", kPolicy);
    return server;
  }

  void begin(const std::string& domain, const std::vector<std::string>& addresses) {
    std::vector<net::IpAddress> parsed;
    for (const std::string& each : addresses) parsed.push_back(net::IpAddress::parse(each).value());
    fetch_(domain, parsed, [this, domain](PolicyText text) {
      loop_.post([this, domain, text = std::move(text)] {
        ends_[domain] =
            text ? *text : std::string(text_of(text.error().fault)) + " " + text.error().detail;
        loop_.stop();
      });
    });
  }
  void run_until(const std::function<bool()>& done) {
    net::Timer limit(loop_, [this] {
      ADD_FAILURE() << "what was waited for did not happen";
      ends_["late"] = "";
      loop_.stop();
    });
    limit.start(20s);
    while (!done() && !ends_.contains("late")) loop_.run();
  }
  // What comes of a fetch of good.example from the server.
  std::string fetch(const std::string& address = "127.0.0.1") {
    ends_.clear();
    begin("good.example", {address});
    run_until([this] { return ends_.contains("good.example"); });
    return ends_["good.example"];
  }
  test::TemporaryDirectory folder_;
  test::TestCertificate good_;
  test::TestCertificate expired_;
  net::Loop loop_;
  std::map<std::string, std::string> ends_;  // by domain: the text, or the fault and its detail
  std::unique_ptr<test::HttpsServer> server_;
  PolicyFetch fetch_;
};

TEST_F(OverHttps, BringsTheTextOfTheWellKnownPlace) {
  EXPECT_EQ(fetch(), kPolicy);
  ASSERT_EQ(server_->requests.size(), 1u);
  const std::string& head = server_->requests.front();
  EXPECT_TRUE(head.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Host: mta-sts.good.example:"), std::string::npos) << head;
  EXPECT_EQ(head.find("Authorization"), std::string::npos) << head;
}

TEST_F(OverHttps, TriesEachAddress) {
  begin("good.example", {"127.0.0.77", "127.0.0.1"});  // nobody listens at the first
  run_until([this] { return ends_.contains("good.example"); });
  EXPECT_EQ(ends_["good.example"], kPolicy);
}

TEST_F(OverHttps, TakesTheStatus200Alone) {
  for (const int status : {201, 204, 304, 404, 500}) {
    server_->responds(status, "text/plain", status == 204 || status == 304 ? "" : kPolicy);
    EXPECT_EQ(fetch(), "fetch_failed mta-sts.good.example responds with " + std::to_string(status));
  }
}

TEST_F(OverHttps, FollowsNoRedirection) {
  server_->responds(
      "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.good.example/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(fetch(), "fetch_failed mta-sts.good.example responds with 301");
  EXPECT_EQ(server_->requests.size(), 1u);
}

TEST_F(OverHttps, TakesPlainTextAlone) {
  server_->responds(200, "Text/Plain ; charset=utf-8", kPolicy);
  EXPECT_EQ(fetch(), kPolicy);
  server_->responds(200, "text/html", kPolicy);
  EXPECT_EQ(fetch(),
            "invalid mta-sts.good.example serves the policy as \"text/html\", not text/plain");
}

TEST_F(OverHttps, TakesNoMoreThanAPolicyMayHave) {
  server_->responds(200, "text/plain", std::string(kMaxPolicyText, 'x'));
  EXPECT_EQ(fetch().size(), kMaxPolicyText);
  server_->responds(200, "text/plain", std::string(10 << 20, 'x'));
  EXPECT_EQ(fetch(), "invalid mta-sts.good.example: the response has more than 65536 octets");
  // Without a length that says so before.
  server_->responds("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" +
                    std::string(10 << 20, 'x'));
  EXPECT_EQ(fetch(), "invalid mta-sts.good.example: the response has more than 65536 octets");
}

TEST_F(OverHttps, TellsWhatACertificateDoesNotProve) {
  const auto stranger = serve("127.0.0.2", test::make_certificate({"DNS:mta-sts.good.example"}));
  const auto other = serve("127.0.0.3", good_);
  const auto late = serve("127.0.0.4", expired_);
  EXPECT_TRUE(fetch("127.0.0.2").starts_with("web_pki mta-sts.good.example: "));
  EXPECT_TRUE(fetch("127.0.0.4").starts_with("web_pki mta-sts.good.example: "));
  begin("other.example", {"127.0.0.3"});
  run_until([this] { return ends_.contains("other.example"); });
  EXPECT_TRUE(ends_["other.example"].starts_with("web_pki mta-sts.other.example: "))
      << ends_["other.example"];
  EXPECT_TRUE(stranger->requests.empty() && other->requests.empty() && late->requests.empty());
}

TEST_F(OverHttps, NobodyWhoListensIsNoFaultOfTheCertificate) {
  EXPECT_TRUE(fetch("127.0.0.77").starts_with("fetch_failed mta-sts.good.example: "));
  server_->responds("220 mail.example ESMTP\r\n");
  EXPECT_TRUE(fetch().starts_with("fetch_failed mta-sts.good.example: "));
}

TEST_F(OverHttps, ASlowHostHoldsUpNoOtherAndNotForLong) {
  fetch_ = over_https({.port = server_->port(), .time = 2s});
  const auto slow_certificate = test::make_certificate({"DNS:mta-sts.slow.example"});
  ::setenv("SSL_CERT_FILE",
           folder_.write("trusted.pem", good_.certificate + slow_certificate.certificate).c_str(),
           1);
  const auto slow = serve("127.0.0.2", slow_certificate);
  slow->responds("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nversion: STSv1\r\n");
  slow->drips(20ms);
  begin("slow.example", {"127.0.0.2"});
  begin("good.example", {"127.0.0.1"});
  run_until([this] { return !ends_.empty(); });
  EXPECT_EQ(ends_["good.example"], kPolicy);
  EXPECT_FALSE(ends_.contains("slow.example"));
  run_until([this] { return ends_.contains("slow.example"); });
  EXPECT_TRUE(ends_["slow.example"].starts_with("fetch_failed mta-sts.slow.example: "))
      << ends_["slow.example"];
}

TEST_F(OverHttps, ItsEndCancelsWhatIsUnderWay) {
  server_->drips(1h);
  begin("good.example", {"127.0.0.1"});
  net::Timer enough(loop_, [this] { loop_.stop(); });
  while (server_->requests.empty()) {
    enough.start(10ms);
    loop_.run();
  }
  const auto began = std::chrono::steady_clock::now();
  fetch_ = nullptr;
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_TRUE(ends_.empty());
}

}  // namespace
}  // namespace signpost::mta_sts
