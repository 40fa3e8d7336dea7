#include "submission/session_options.h"

#include "base/check.h"
#include "tests/support/test_certificate.h"

#include <gtest/gtest.h>

#include <memory>

namespace signpost::submission {
namespace {

using config::AuthMode;
using config::ListenerMode;

class SessionOptionsTest : public testing::Test {
 protected:
  SessionOptionsTest() {
    config.hostname = "relay.example";
    auto parsed = auth::Users::parse("", "users.toml");
    CHECK(parsed.has_value());
    settings.users = *parsed;
  }
  smtp::ServerOptions options(const char* client) {
    settings.config = std::make_shared<const config::Config>(config);
    peer.client.ip = net::IpAddress::parse(client).value();
    return dialog_options(settings, listener, peer,
                          SystemTime(std::chrono::seconds(1'700'000'000)));
  }

  config::Config config;
  config::ListenerConfig listener;
  Peer peer;
  relay::Settings settings;
};

TEST_F(SessionOptionsTest, LimitsAreTheConfigured) {
  config.limits.message_size = 1000;
  config.limits.recipients_per_message = 7;
  const auto made = options("192.0.2.1");
  EXPECT_EQ(made.hostname, "relay.example");
  EXPECT_EQ(made.size_limit, 1000U);
  EXPECT_EQ(made.recipients_limit, 7U);
}

TEST_F(SessionOptionsTest, CredentialsNeverTravelInClearOverANetwork) {
  listener.mode = ListenerMode::StartTls;
  EXPECT_FALSE(options("192.0.2.1").offer_auth);
  EXPECT_TRUE(options("127.0.0.1").offer_auth);
  listener.mode = ListenerMode::Plain;
  EXPECT_FALSE(options("192.0.2.1").offer_auth);
  listener.mode = ListenerMode::Implicit;
  EXPECT_TRUE(options("192.0.2.1").offer_auth);
  EXPECT_TRUE(options("192.0.2.1").tls);
}

TEST_F(SessionOptionsTest, BehindAProxyEverybodyIsLocalAndMustUseTls) {
  listener.mode = ListenerMode::StartTls;
  listener.login_in_clear = config::ClearLogin::Never;
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
  EXPECT_FALSE(options("::1").offer_auth);
  listener.mode = ListenerMode::Implicit;
  EXPECT_TRUE(options("127.0.0.1").offer_auth);
}

TEST_F(SessionOptionsTest, AClientThatAProxyNamesIsNotLocal) {
  listener.mode = ListenerMode::StartTls;
  peer.proxy = net::SocketAddress::parse("127.0.0.1:40000");
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
  EXPECT_FALSE(options("192.0.2.1").offer_auth);
  peer.proxy = net::SocketAddress::parse("192.0.2.9:40000");
  EXPECT_FALSE(options("127.0.0.1").offer_auth) << "on the loopback of the balancer's machine";
}

TEST_F(SessionOptionsTest, TlsThatABalancerHasEndedCountsAsTls) {
  const test::TestCertificate pair = test::make_certificate({"DNS:mail.example"});
  settings.tls =
      net::TlsServerContext::create(*net::Certificate::from_pem(pair.certificate).value(), pair.key,
                                    net::TlsVersion::Tls12)
          .value();
  listener.mode = ListenerMode::StartTls;
  peer.proxy = net::SocketAddress::parse("192.0.2.9:40000");
  peer.tls = std::make_shared<const net::ProxiedTls>();
  const auto made = options("198.51.100.1");
  EXPECT_TRUE(made.tls);
  EXPECT_TRUE(made.offer_auth);
  EXPECT_FALSE(made.offer_starttls);
  EXPECT_FALSE(made.require_tls);
}

TEST_F(SessionOptionsTest, ABalancersOwnCheckIsTrustedInNothing) {
  listener.mode = ListenerMode::StartTls;
  listener.trusted_networks = {net::Network::parse("127.0.0.0/8").value()};
  peer.is_unknown = true;
  EXPECT_TRUE(options("127.0.0.1").require_auth);
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
}

TEST_F(SessionOptionsTest, XclientIsOfferedToFrontEndsAlone) {
  listener.xclient_from = {net::Network::parse("192.0.2.0/24").value()};
  EXPECT_TRUE(options("192.0.2.9").xclient);
  EXPECT_FALSE(options("192.0.2.9").xclient_login);
  EXPECT_FALSE(options("198.51.100.1").xclient);
  listener.xclient_logins = true;
  EXPECT_TRUE(options("192.0.2.9").xclient_login);
  peer.is_unknown = true;
  EXPECT_FALSE(options("192.0.2.9").xclient) << "a health check";
}

TEST_F(SessionOptionsTest, WithoutUsersOrWithAuthOffThereIsNoAuth) {
  listener.mode = ListenerMode::Implicit;
  listener.auth = AuthMode::Off;
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
  EXPECT_FALSE(options("127.0.0.1").require_auth);
  listener.auth = AuthMode::Required;
  settings.users = nullptr;
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
}

TEST_F(SessionOptionsTest, TokensAndCertificatesAreOfferedWhereTheyCanBeUsed) {
  using Words = std::vector<std::string>;
  settings.config = std::make_shared<const config::Config>(config);
  EXPECT_EQ(more_mechanisms(settings, true), Words{});
  EXPECT_EQ(more_mechanisms(settings, true, true), Words{"EXTERNAL"});
  EXPECT_EQ(more_mechanisms(settings, false, true), Words{});
  settings.token_rules = std::make_shared<const auth::TokenRules>();
  EXPECT_EQ(more_mechanisms(settings, false), (Words{"OAUTHBEARER", "XOAUTH2"}));
  EXPECT_EQ(more_mechanisms(settings, true, true), (Words{"OAUTHBEARER", "XOAUTH2", "EXTERNAL"}));
  config.dovecot_socket = "/run/dovecot/auth-client";
  settings.config = std::make_shared<const config::Config>(config);
  EXPECT_EQ(more_mechanisms(settings, true), (Words{"OAUTHBEARER", "XOAUTH2"}));
  settings.users = nullptr;
  EXPECT_EQ(more_mechanisms(settings, true, true), (Words{"OAUTHBEARER", "XOAUTH2"}));
}

TEST_F(SessionOptionsTest, WhereNobodyHasAPasswordNoneIsAskedFor) {
  listener.mode = ListenerMode::Implicit;
  EXPECT_TRUE(options("192.0.2.1").offer_passwords);
  settings.users = nullptr;
  settings.token_rules = std::make_shared<const auth::TokenRules>();
  EXPECT_TRUE(options("192.0.2.1").offer_auth);
  EXPECT_FALSE(options("192.0.2.1").offer_passwords);
}

TEST_F(SessionOptionsTest, ALoginIsRequiredButOfTrustedNetworks) {
  listener.trusted_networks = {net::Network::parse("192.0.2.0/24").value()};
  EXPECT_FALSE(options("192.0.2.1").require_auth);
  EXPECT_TRUE(options("198.51.100.1").require_auth);
  listener.auth = AuthMode::Optional;
  EXPECT_FALSE(options("198.51.100.1").require_auth);
}

TEST_F(SessionOptionsTest, AnAccountIsTrustedByItsNumberAndRootAlways) {
  const auto trusts = [this](uid_t uid) {
    return is_trusted(listener, net::IpAddress::of_account(uid));
  };
  listener.socket = "/run/signpost/submit";
  EXPECT_TRUE(trusts(0));
  EXPECT_FALSE(trusts(33));
  listener.allow_users = {{"www-data", 33}};
  EXPECT_TRUE(trusts(33));
  EXPECT_FALSE(trusts(34));
  listener.allow_users = {{"*", std::nullopt}};
  EXPECT_TRUE(trusts(34));
}

TEST_F(SessionOptionsTest, StartTlsIsOfferedWithACertificateOnly) {
  listener.mode = ListenerMode::StartTls;
  EXPECT_FALSE(options("192.0.2.1").offer_starttls);
  EXPECT_FALSE(options("192.0.2.1").require_tls);
}

}  // namespace
}  // namespace signpost::submission
