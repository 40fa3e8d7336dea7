#include "submission/revocation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace signpost::submission {
namespace {

constexpr std::string_view kHash =
    "{SHA512-CRYPT}$6$saltstring$AIsRs/Ee56G/"
    "tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0"
    "Ry5qulYz.";

std::string user(const std::string& name, const std::string& more = "") {
  return "[" + name + "]\npassword = \"" + std::string(kHash) + "\"\n" + more;
}

class RevocationTest : public testing::Test {
 protected:
  struct Facts {
    std::string users = user("shop");
    std::vector<config::TenantConfig> tenants{};
    std::string trusted = "192.0.2.0/24";
  };
  static relay::Settings settings(const Facts& facts) {
    auto config = std::make_shared<config::Config>();
    config->tenants = facts.tenants;
    config->listeners.emplace_back().name = "0.0.0.0:25";
    config->listeners[0].trusted_networks = {net::Network::parse(facts.trusted).value()};
    relay::Settings made;
    made.config = std::move(config);
    made.users = auth::Users::parse(facts.users, "users.toml").value();
    return made;
  }
  bool revoked(const Facts& before, const Facts& now, std::string_view login) const {
    const relay::Settings began = settings(before);
    return is_revoked({began, "0.0.0.0:25", client, login}, settings(now));
  }

  net::IpAddress client = net::IpAddress::parse("192.0.2.7").value();
};

TEST_F(RevocationTest, AReloadThatChangesNothingTakesNothing) {
  EXPECT_FALSE(revoked({}, {}, ""));
  EXPECT_FALSE(revoked({}, {}, "shop"));
}

TEST_F(RevocationTest, ANetworkThatIsNoLongerTrusted) {
  EXPECT_TRUE(revoked({}, {.trusted = "198.51.100.0/24"}, ""));
  EXPECT_FALSE(revoked({}, {.trusted = "192.0.0.0/16"}, ""));
  EXPECT_FALSE(revoked({}, {.trusted = "198.51.100.0/24"}, "shop"));  // it has a login
}

TEST_F(RevocationTest, LimitsTakeNothing) {
  EXPECT_FALSE(revoked({}, {.users = user("shop", "rate = \"5/h\"\ndaily = 7\n")}, "shop"));
  EXPECT_FALSE(revoked({}, {.users = user("shop", "recipients_per_message = 7\n")}, "shop"));
  config::TenantConfig before{"acme", {"a.example"}};
  config::TenantConfig after = before;
  after.rate = {5, std::chrono::hours(1)};
  after.metrics = true;
  const std::string users = user("shop", "tenant = \"acme\"\n");
  EXPECT_FALSE(
      revoked({.users = users, .tenants = {before}}, {.users = users, .tenants = {after}}, "shop"));
  after.listed_domains = {"b.example"};
  EXPECT_TRUE(
      revoked({.users = users, .tenants = {before}}, {.users = users, .tenants = {after}}, "shop"));
}

TEST_F(RevocationTest, ANetworkThatHasAnotherTenant) {
  config::TenantConfig acme{"acme", {"a.example"}};
  acme.networks = {net::Network::parse("192.0.2.0/24").value()};
  EXPECT_TRUE(revoked({}, {.tenants = {acme}}, ""));
  EXPECT_TRUE(revoked({.tenants = {acme}}, {}, ""));
  EXPECT_FALSE(revoked({.tenants = {acme}}, {.tenants = {acme}}, ""));
  config::TenantConfig other = acme;
  other.name = "other";
  EXPECT_TRUE(revoked({.tenants = {acme}}, {.tenants = {other}}, ""));
  other.networks = {net::Network::parse("198.51.100.0/24").value()};
  EXPECT_FALSE(revoked({.tenants = {acme}}, {.tenants = {acme, other}}, ""));
}

TEST_F(RevocationTest, ALoginThatIsGoneOrChanged) {
  EXPECT_TRUE(revoked({}, {.users = user("other")}, "shop"));
  EXPECT_TRUE(revoked({}, {.users = user("shop", "senders = [\"@a.example\"]\n")}, "shop"));
}

TEST_F(RevocationTest, ATenantThatHasOtherDomains) {
  const std::string acme = user("shop", "tenant = \"acme\"\n");
  const std::vector<config::TenantConfig> two{{"acme", {"a.example", "b.example"}}};
  const std::vector<config::TenantConfig> one{{"acme", {"a.example"}}};
  EXPECT_TRUE(revoked({.users = acme, .tenants = two}, {.users = acme, .tenants = one}, "shop"));
  EXPECT_FALSE(revoked({.users = acme, .tenants = two}, {.users = acme, .tenants = two}, "shop"));
}

TEST_F(RevocationTest, ALoginWithoutSendersLosesWhatOthersGet) {
  const std::string more = user("shop") + user("other", "senders = [\"@a.example\"]\n");
  EXPECT_TRUE(revoked({}, {.users = more}, "shop"));
  EXPECT_FALSE(revoked({}, {.users = user("shop") + user("other")}, "shop"));
  const std::vector<config::TenantConfig> acme{{"acme", {"a.example"}}};
  EXPECT_TRUE(
      revoked({.tenants = acme}, {.users = user("shop") + user("other"), .tenants = acme}, "shop"));
  EXPECT_TRUE(revoked({}, {.tenants = {{"acme", {"a.example"}}}}, "shop"));
  const std::string bound = user("shop", "senders = [\"@b.example\"]\n");
  EXPECT_FALSE(revoked({.users = bound}, {.users = bound + user("other")}, "shop"));
}

TEST_F(RevocationTest, AnAccountThatMayNotSendAnyMoreOrHasOtherSenders) {
  client = net::IpAddress::of_account(33);
  const auto with = [](std::vector<config::LocalAccount> allowed, const std::string& users) {
    relay::Settings made = settings({.users = users});
    auto config = std::make_shared<config::Config>(*made.config);
    config->listeners[0].socket = "/run/s";
    config->listeners[0].allow_users = std::move(allowed);
    made.config = std::move(config);
    return made;
  };
  const std::string none = user("shop");
  const std::string bound = user("\"uid:33\"", "senders = [\"@a.example\"]\n");
  const relay::Settings began = with({{"www-data", 33}}, none);
  const auto loses = [&](const relay::Settings& now) {
    return is_revoked({began, "0.0.0.0:25", client, "uid:33"}, now);
  };
  EXPECT_FALSE(loses(with({{"33", 33}}, none)));
  EXPECT_FALSE(loses(with({{"*", std::nullopt}}, none)));
  EXPECT_TRUE(loses(with({}, none)));
  EXPECT_TRUE(loses(with({{"www-data", 33}}, bound)));
}

TEST_F(RevocationTest, ALoginThatOnlyTheIssuerKnows) {
  config::Config config;
  const auto with = [&](const std::string& issuer) {
    relay::Settings made = settings({});
    config = *made.config;
    if (!issuer.empty()) config.oauth.emplace().issuer = issuer;
    made.config = std::make_shared<const config::Config>(config);
    return made;
  };
  const relay::Settings began = with("https://id.example");
  const Standing standing{began, "0.0.0.0:25", client, "anna@shop.example"};
  EXPECT_FALSE(is_revoked(standing, with("https://id.example")));
  EXPECT_TRUE(is_revoked(standing, with("https://other.example")));
  EXPECT_TRUE(is_revoked(standing, with("")));
}

}  // namespace
}  // namespace signpost::submission
