#include "tests/submission/submission_world.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace signpost::submission {
namespace {

// ---- Behind a load balancer

class ProxiedTest : public SubmissionTest {
 protected:
  ProxiedTest() { listener_.proxy_protocol_from = {net::Network::parse("10.0.0.5").value()}; }
  void connect_through(const std::string& header) {
    config_.listeners = {listener_};
    connect("10.0.0.5:40000");
    client_->say(header);
  }
  std::string offers() {
    expect("220 ");
    client_->say("EHLO client.example\r\n");
    run_until([this] { return client_->received.contains("250 LIMITS "); }, "the offers");
    return std::exchange(client_->received, "");
  }
  static std::string line_for(const std::string& client) {
    return "PROXY TCP4 " + client + " 198.51.100.2 50000 587\r\n";
  }
};

TEST_F(ProxiedTest, TheClientThatTheHeaderNamesCounts) {
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1, .memory = 1 << 20});
  connect_through(line_for("192.0.2.1"));
  expect("220 ");
  auto first = std::move(client_);
  connect_through(line_for("192.0.2.1"));
  expect("421 4.7.0 ");
  connect_through(line_for("192.0.2.2"));
  expect("220 ");
  const std::string log = whole_log();
  EXPECT_TRUE(log.contains("address=192.0.2.1:50000 proxy=10.0.0.5:40000 reason=sessions")) << log;
}

TEST_F(ProxiedTest, TheClientIsWhoMustBeTrusted) {
  listener_.trusted_networks = {net::Network::parse("192.0.2.8/29").value()};
  connect_through(line_for("192.0.2.9"));
  greet();
  client_->say(kMail);
  expect("354 ");
  client_->say(kContent);
  expect("250 2.0.0 Ok: queued as ");
  run_until([this] { return !intake_.messages.empty(); }, "delivery");
  EXPECT_TRUE(intake_.messages.at(0).first->content.contains("[192.0.2.9]"));
  EXPECT_TRUE(whole_log().contains("address=192.0.2.9:50000 proxy=10.0.0.5:40000 "));
}

// The world's listener trusts 127.0.0.0/8.
TEST_F(ProxiedTest, TheLoopbackOfABalancerIsNotOurs) {
  listener_.proxy_protocol_from.push_back(net::Network::parse("127.0.0.1").value());
  listener_.trusted_networks.push_back(net::Network::parse("::1").value());
  listener_.xclient_from = listener_.trusted_networks;
  config_.listeners = {listener_};
  connect("127.0.0.2:40000");
  const std::string to_us = offers();
  EXPECT_TRUE(to_us.contains("250-AUTH ") && to_us.contains("250-XCLIENT ")) << to_us;
  hang_up();
  run_until_drained();
  for (const char* balancer : {"10.0.0.5:40000", "127.0.0.1:40000"}) {
    for (const char* header : {"PROXY TCP4 127.0.0.1 198.51.100.2 50000 587\r\n",
                               "PROXY TCP6 ::1 2001:db8::2 50000 587\r\n",
                               "PROXY TCP6 ::ffff:127.0.0.1 2001:db8::2 50000 587\r\n"}) {
      connect(balancer);
      client_->say(header);
      const std::string offered = offers();
      EXPECT_FALSE(offered.contains("AUTH")) << header << offered;
      EXPECT_FALSE(offered.contains("XCLIENT")) << header << offered;
      client_->say("XCLIENT ADDR=192.0.2.1\r\n");
      expect("550 5.7.0 ");
      client_->say("MAIL FROM:<a@shop.example>\r\n");
      expect("530 ");
      hang_up();
      run_until_drained();
    }
  }
}

TEST_F(ProxiedTest, ABalancerInATrustedNetworkLendsItsTrustToNobody) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  connect_through(line_for("192.0.2.1"));
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 ");
}

TEST_F(ProxiedTest, ABalancersOwnCheckIsServedButNotTrusted) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  admission_.set_limits({.sessions = 100, .sessions_per_client = 0, .memory = 1 << 20});
  connect_through("PROXY UNKNOWN\r\n");
  greet();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 ");
}

TEST_F(ProxiedTest, WithoutAHeaderABalancersConnectionIsClosed) {
  connect_through("EHLO client.example\r\n");
  run_until([this] { return client_->closed; }, "the server to close");
  EXPECT_EQ(client_->received, "");
  run_until_drained();
  EXPECT_TRUE(
      whole_log().contains("proxy_header_refused session=3.1 proxy=10.0.0.5:40000 "
                           "detail=\"no PROXY header\""))
      << logged();
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(ProxiedTest, AConnectionThatOnlyProbesLeavesNoLine) {
  connect("10.0.0.5:40000");
  EXPECT_EQ(admission_.sessions(), 1U) << "waiting counts";
  hang_up();
  run_until_drained();
  EXPECT_FALSE(whole_log().contains("proxy"));
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(ProxiedTest, NobodyElseIsBelieved) {
  connect("10.0.0.6:40000");
  expect("220 ");
  client_->say(line_for("127.0.0.1"));
  expect("500 ");
}

TEST_F(ProxiedTest, TheHeaderComesBeforeTheHandshake) {
  listener_.mode = config::ListenerMode::Implicit;
  offer_tls();
  connect_through(line_for("192.0.2.1"));
  settle();
  client_->stream->start_tls_client(*client_tls_, {.server_name = "mail.example", .names = {}});
  greet();
  EXPECT_TRUE(client_->secured);
}

// ---- Behind a front end

class XclientTest : public SubmissionTest {
 protected:
  XclientTest() {
    listener_.xclient_from = {net::Network::parse("10.0.0.5").value()};
    listener_.xclient_logins = true;
  }
  void connect_front(const char* address = "10.0.0.5:40000") {
    config_.listeners = {listener_};
    connect(address);
    greet();
  }
  void name(const std::string& attributes) {
    client_->say("XCLIENT " + attributes + "\r\n");
    expect("220 relay.example");
  }
  void say_hello() {
    client_->say("EHLO client.example\r\n");
    expect("250 LIMITS RCPTMAX=");
  }
  // Its Received field.
  std::string send() {
    client_->say(kMail);
    expect("354 ");
    client_->say(kContent);
    expect("250 2.0.0 Ok: queued as ");
    run_until([this] { return !intake_.messages.empty(); }, "delivery");
    const std::string& content = intake_.messages.back().first->content;
    return content.substr(0, content.find(';'));
  }
};

TEST_F(XclientTest, TheClientThatTheFrontEndNamesCounts) {
  listener_.trusted_networks = {net::Network::parse("192.0.2.0/24").value()};
  connect_front();
  name("NAME=host.client.example ADDR=192.0.2.1 PORT=50000");
  say_hello();
  EXPECT_TRUE(send().starts_with(
      "Received: from client.example (host.client.example [192.0.2.1])\r\n by relay.example with "
      "ESMTP id "));
  EXPECT_EQ(intake_.messages.at(0).first->envelope.peer, "192.0.2.1");
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("client_proxied session=3.1 address=192.0.2.1:50000 "
                   "name=host.client.example proxy=10.0.0.5:40000"))
      << log;
  EXPECT_TRUE(log.contains("address=192.0.2.1:50000 proxy=10.0.0.5:40000 from=a@shop.example"))
      << log;
}

TEST_F(XclientTest, ALoginOfTheFrontEndIsOne) {
  connect_front();
  name("ADDR=IPV6:2001:db8::1 LOGIN=shop");
  say_hello();
  EXPECT_TRUE(send().contains("([IPv6:2001:db8::1])\r\n by relay.example with ESMTPA id "));
  EXPECT_EQ(intake_.messages.at(0).first->envelope.login, "shop");
  const std::string log = whole_log();
  EXPECT_TRUE(
      log.contains("authenticated session=3.1 user=shop address=[2001:db8::1]:0 "
                   "proxy=10.0.0.5:40000 mechanism=XCLIENT"))
      << log;
}

TEST_F(XclientTest, AListedLoginIsItselfInWhateverCase) {
  connect_front();
  name("ADDR=192.0.2.1 LOGIN=SHOP");
  say_hello();
  send();
  EXPECT_EQ(intake_.messages.at(0).first->envelope.login, "shop");
}

TEST_F(XclientTest, ALoginThatIsNotKnownHereSendsAsItsOwnAddress) {
  connect_front();
  name("ADDR=192.0.2.1 LOGIN=office+40shop.example");
  say_hello();
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("553 5.7.1 This login may not send as <a@shop.example>");
  client_->say("MAIL FROM:<office@shop.example>\r\n");
  expect("250 ");
}

TEST_F(XclientTest, AFrontEndInATrustedNetworkLendsItsTrustToNobody) {
  listener_.trusted_networks = {net::Network::parse("10.0.0.0/8").value()};
  for (const char* client : {"ADDR=192.0.2.1", "ADDR=[UNAVAILABLE]"}) {
    connect_front();
    name(client);
    say_hello();
    client_->say("MAIL FROM:<a@shop.example>\r\n");
    expect("530 ");
    hang_up();
    run_until_drained();
  }
}

TEST_F(XclientTest, TheLoopbackOfAFrontEndIsNotOurs) {
  connect_front();
  name("ADDR=127.0.0.1");
  client_->say("EHLO client.example\r\n");
  run_until([this] { return client_->received.contains("250 LIMITS "); }, "the offers");
  EXPECT_FALSE(client_->received.contains("AUTH")) << client_->received;
  client_->say("MAIL FROM:<a@shop.example>\r\n");
  expect("530 ");
}

TEST_F(XclientTest, NobodyElseIsBelieved) {
  connect_front("10.0.0.6:40000");
  client_->say("XCLIENT ADDR=127.0.0.1\r\n");
  expect("550 5.7.0 ");
  EXPECT_TRUE(whole_log().contains("reason=policy command=\"XCLIENT ADDR=127.0.0.1\"")) << logged();
}

TEST_F(XclientTest, AClientTakesAPlaceOfItsOwn) {
  admission_.set_limits({.sessions = 100, .sessions_per_client = 1, .memory = 1 << 20});
  connect_front();
  name("ADDR=192.0.2.1");
  auto first = std::move(client_);
  connect_front();
  name("ADDR=192.0.2.2");
  auto second = std::move(client_);
  EXPECT_EQ(admission_.sessions(), 2U);
  connect_front();
  client_->say("XCLIENT ADDR=192.0.2.1\r\n");
  expect("421 4.7.0 ");
  run_until([this] { return client_->closed; }, "the server to close");
  hang_up();
  first.reset();
  second.reset();
  run_until_drained();
  EXPECT_EQ(admission_.sessions(), 0U);
  EXPECT_TRUE(whole_log().contains("address=192.0.2.1:0 proxy=10.0.0.5:40000 reason=sessions"))
      << logged();
}

TEST_F(XclientTest, TheOnlyPlaceGoesFromTheFrontEndToItsClient) {
  admission_.set_limits({.sessions = 1, .sessions_per_client = 1, .memory = 1 << 20});
  connect_front();
  name("ADDR=192.0.2.1");
  name("LOGIN=shop");
  EXPECT_EQ(admission_.sessions(), 1U);
  say_hello();
  send();
  hang_up();
  run_until_drained();
  EXPECT_EQ(admission_.sessions(), 0U);
}

TEST_F(XclientTest, ABalancerMayStandBeforeTheFrontEnd) {
  listener_.proxy_protocol_from = {net::Network::parse("10.0.0.7").value()};
  listener_.trusted_networks = {net::Network::parse("127.0.0.0/8").value()};
  config_.listeners = {listener_};
  connect("10.0.0.7:40000");
  client_->say("PROXY TCP4 10.0.0.5 198.51.100.2 50000 587\r\n");
  greet();
  name("ADDR=192.0.2.1 LOGIN=shop");
  say_hello();
  send();
  EXPECT_TRUE(whole_log().contains("address=192.0.2.1:0 proxy=10.0.0.7:40000 from=")) << logged();
}

}  // namespace
}  // namespace signpost::submission
