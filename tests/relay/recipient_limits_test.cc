#include "relay/recipient_limits.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace signpost::relay {
namespace {

using namespace std::chrono_literals;
using quota::Scope;

constexpr std::string_view kHash =
    "{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
    "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0"
    "Ry5qulYz.";

std::string entry(const std::string& name, const std::string& more = "") {
  return "[\"" + name + "\"]\npassword = \"" + std::string(kHash) + "\"\n" + more;
}

class RecipientLimitsTest : public testing::Test {
 protected:
  RecipientLimitsTest() {
    config::TenantConfig acme;
    acme.name = "acme";
    acme.domains = {"acme.example"};
    config.tenants.push_back(std::move(acme));
  }
  void set_users(const std::string& toml) {
    auto parsed = auth::Users::parse(toml, "users.toml");
    CHECK(parsed.has_value());
    users = std::move(*parsed);
  }
  RecipientSource source(std::string_view login, std::string_view client = "192.0.2.7") const {
    return {.config = config,
            .users = users.get(),
            .login = login,
            .client = net::IpAddress::parse(client).value()};
  }
  // "login shop 500/3600 2000, tenant acme - 9"
  static std::string text(const RecipientSource& of) {
    std::string text;
    for (const quota::Holder& holder : limit_holders(of)) {
      if (!text.empty()) text += ", ";
      text.append(text_of(holder.scope)).append(" ").append(holder.name).append(" ");
      const auto& [rate, daily] = holder.limits;
      text += rate ? std::to_string(rate->count) + "/" + std::to_string(rate->per / 1s) : "-";
      text += daily ? " " + std::to_string(*daily) : " -";
    }
    return text;
  }
  config::TenantConfig& acme() { return config.tenants[0]; }

  config::Config config;
  std::shared_ptr<const auth::Users> users;
};

TEST_F(RecipientLimitsTest, NobodyIsLimitedByDefault) {
  set_users(entry("shop", "tenant = \"acme\"\n"));
  EXPECT_EQ(text(source("shop")), "");
  EXPECT_EQ(text(source("")), "");
  EXPECT_FALSE(limits_recipients(config, users.get()));
  EXPECT_FALSE(limits_recipients(config, nullptr));
  EXPECT_FALSE(message_limit(source("shop")));
}

TEST_F(RecipientLimitsTest, EachLimitAloneSwitchesThemOn) {
  set_users(entry("shop"));
  const auto on = [&](auto change) {
    const config::Config before = config;
    change();
    const bool limited = limits_recipients(config, users.get());
    config = before;
    return limited;
  };
  EXPECT_TRUE(on([&] { config.limits.rate = {1, 1s}; }));
  EXPECT_TRUE(on([&] { config.limits.daily = 1; }));
  EXPECT_TRUE(on([&] { config.limits.login_rate = {1, 1s}; }));
  EXPECT_TRUE(on([&] { config.limits.login_daily = 1; }));
  EXPECT_TRUE(on([&] { config.limits.client_rate = {1, 1s}; }));
  EXPECT_TRUE(on([&] { config.limits.client_daily = 1; }));
  EXPECT_TRUE(on([&] { acme().rate = {1, 1s}; }));
  EXPECT_TRUE(on([&] { acme().daily = 1; }));
  EXPECT_TRUE(on([&] { acme().recipients_per_message = 1; }));
  EXPECT_TRUE(on([&] { acme().login_rate = {1, 1s}; }));
  EXPECT_TRUE(on([&] { acme().login_daily = 1; }));
  for (const char* key : {"rate = \"1/s\"\n", "daily = 1\n", "recipients_per_message = 1\n"}) {
    set_users(entry("shop", key));
    EXPECT_TRUE(limits_recipients(config, users.get())) << key;
  }
}

TEST_F(RecipientLimitsTest, TheTreeIsLoginClientTenantServer) {
  set_users(entry("shop", "tenant = \"acme\"\nrate = \"500/h\"\ndaily = 2000\n"));
  config.limits.rate = {1000, 1min};
  config.limits.client_daily = 70;
  acme().daily = 9000;
  EXPECT_EQ(
      text(source("shop")),
      "login shop 500/3600 2000, client 192.0.2.7 - 70, tenant acme - 9000, server  1000/60 -");
}

TEST_F(RecipientLimitsTest, ALoginInheritsWhatItHasNot) {
  set_users(entry("a", "rate = \"5/h\"\n") + entry("b", "tenant = \"acme\"\n") +
            entry("c", "tenant = \"acme\"\nrate = \"7/h\"\ndaily = 70\n"));
  config.limits.login_rate = {1, 1h};
  config.limits.login_daily = 10;
  acme().login_rate = {3, 1h};
  EXPECT_EQ(text(source("a")), "login a 5/3600 10");
  EXPECT_EQ(text(source("b")), "login b 3/3600 10");
  EXPECT_EQ(text(source("c")), "login c 7/3600 70");
  EXPECT_EQ(text(source("of-dovecot@x.example")), "login of-dovecot@x.example 1/3600 10");
  EXPECT_EQ(text(source("")), "");  // a trusted network is no login
}

TEST_F(RecipientLimitsTest, AnAccountIsALoginAndNoAddress) {
  config.limits.client_daily = 70;
  config.limits.login_daily = 10;
  const RecipientSource account{.config = config,
                                .users = nullptr,
                                .login = "uid:33",
                                .client = net::IpAddress::of_account(33)};
  EXPECT_EQ(text(account), "login uid:33 - 10");
}

TEST_F(RecipientLimitsTest, ANetworkOfIpv6IsOneClient) {
  config.limits.client_daily = 70;
  EXPECT_EQ(text(source("", "2001:db8:1:2:3::4")), "client 2001:db8:1:2:: - 70");
}

TEST_F(RecipientLimitsTest, ATenantIsTheLoginsOrTheNetworks) {
  set_users(entry("shop", "tenant = \"acme\"\n") + entry("free"));
  config::TenantConfig inner;
  inner.name = "inner";
  inner.networks = {net::Network::parse("192.0.2.0/28").value()};
  config.tenants.push_back(std::move(inner));
  acme().networks = {net::Network::parse("192.0.2.0/24").value()};
  EXPECT_EQ(tenant_of(source("", "192.0.2.99")), &config.tenants[0]);
  EXPECT_EQ(tenant_of(source("", "192.0.2.7")), &config.tenants[1]);  // the smaller network
  EXPECT_EQ(tenant_of(source("", "198.51.100.1")), nullptr);
  EXPECT_EQ(tenant_of(source("shop", "192.0.2.7")), &config.tenants[0]);
  EXPECT_EQ(tenant_of(source("free", "192.0.2.7")), nullptr);
}

TEST_F(RecipientLimitsTest, TheLeastOfAMessageCounts) {
  set_users(entry("shop", "tenant = \"acme\"\nrecipients_per_message = 50\n") +
            entry("other", "tenant = \"acme\"\n"));
  EXPECT_EQ(message_limit(source("shop"))->most, 50u);
  EXPECT_FALSE(message_limit(source("other")));
  acme().recipients_per_message = 20;
  EXPECT_EQ(message_limit(source("shop"))->most, 20u);
  EXPECT_EQ(message_limit(source("shop"))->scope, Scope::Tenant);
  acme().recipients_per_message = 100;
  EXPECT_EQ(message_limit(source("shop"))->scope, Scope::Login);
  EXPECT_EQ(message_limit(source("other"))->most, 100u);
}

}  // namespace
}  // namespace signpost::relay
