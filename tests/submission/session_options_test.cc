#include "submission/session_options.h"

#include "base/check.h"

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
    return dialog_options(settings, listener, net::IpAddress::parse(client).value(),
                          SystemTime(std::chrono::seconds(1'700'000'000)));
  }

  config::Config config;
  config::ListenerConfig listener;
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

TEST_F(SessionOptionsTest, WithoutUsersOrWithAuthOffThereIsNoAuth) {
  listener.mode = ListenerMode::Implicit;
  listener.auth = AuthMode::Off;
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
  EXPECT_FALSE(options("127.0.0.1").require_auth);
  listener.auth = AuthMode::Required;
  settings.users = nullptr;
  EXPECT_FALSE(options("127.0.0.1").offer_auth);
}

TEST_F(SessionOptionsTest, ALoginIsRequiredButOfTrustedNetworks) {
  listener.trusted_networks = {net::Network::parse("192.0.2.0/24").value()};
  EXPECT_FALSE(options("192.0.2.1").require_auth);
  EXPECT_TRUE(options("198.51.100.1").require_auth);
  listener.auth = AuthMode::Optional;
  EXPECT_FALSE(options("198.51.100.1").require_auth);
}

TEST_F(SessionOptionsTest, StartTlsIsOfferedWithACertificateOnly) {
  listener.mode = ListenerMode::StartTls;
  EXPECT_FALSE(options("192.0.2.1").offer_starttls);
  EXPECT_FALSE(options("192.0.2.1").require_tls);
}

}  // namespace
}  // namespace signpost::submission
