#include "submission/submitter.h"

#include "base/check.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace signpost::submission {
namespace {

const Peer kNetwork{.client = net::SocketAddress::parse("192.0.2.7:40000").value()};

class SubmitterTest : public testing::Test {
 protected:
  SubmitterTest() {
    auto config = std::make_shared<config::Config>();
    config->tenants.emplace_back().name = "acme";
    config->tenants[0].networks = {net::Network::parse("192.0.2.0/24").value()};
    listener = &config->listeners.emplace_back();
    listener->name = "0.0.0.0:25";
    listener->trusted_networks = {net::Network::parse("192.0.0.0/16").value()};
    settings = made(std::move(config));
  }
  static std::shared_ptr<const relay::Settings> made(std::shared_ptr<const config::Config> config) {
    auto users = auth::Users::parse("[shop]\nsenders = [\"@shop.example\"]\n", "users.toml");
    CHECK(users.has_value());
    auto made = std::make_shared<relay::Settings>();
    made->config = std::move(config);
    made->users = *users;
    return made;
  }
  void speak_for(Submitter& submitter, std::string_view attributes) const {
    submitter.speak_for(smtp::parse_xclient(attributes).value(), *listener);
  }

  config::ListenerConfig* listener = nullptr;
  std::shared_ptr<const relay::Settings> settings;
  const std::string nobody;
};

TEST_F(SubmitterTest, AClientOfATenantsNetworkSendsForThatTenant) {
  const Submitter submitter(settings, *listener, kNetwork);
  ASSERT_NE(submitter.principal(nobody).user, nullptr);
  EXPECT_EQ(submitter.principal(nobody).user->tenant, "acme");
  EXPECT_TRUE(submitter.principal(nobody).trusted);
  EXPECT_EQ(submitter.tenant(nobody)->name, "acme");
}

TEST_F(SubmitterTest, AnotherClientHasItsOwnRights) {
  Submitter submitter(settings, *listener, kNetwork);
  EXPECT_FALSE(submitter.is_spoken_for());
  speak_for(submitter, "ADDR=198.51.100.1");
  EXPECT_TRUE(submitter.is_spoken_for());
  EXPECT_FALSE(submitter.is_trusted());
  EXPECT_EQ(submitter.principal(nobody).user, nullptr);
  EXPECT_EQ(submitter.tenant(nobody), nullptr);
  EXPECT_EQ(submitter.peer().proxy, kNetwork.client);
  speak_for(submitter, "ADDR=192.0.2.1");
  EXPECT_EQ(submitter.tenant(nobody)->name, "acme");
  EXPECT_EQ(submitter.peer().proxy, kNetwork.client) << "it is still the front end that connected";
}

TEST_F(SubmitterTest, AClientThatTheFrontEndDoesNotKnowIsTrustedInNothing) {
  Submitter submitter(settings, *listener, kNetwork);
  speak_for(submitter, "ADDR=[UNAVAILABLE]");
  EXPECT_FALSE(submitter.is_trusted());
  EXPECT_EQ(submitter.principal(nobody).user, nullptr);
}

TEST_F(SubmitterTest, ALoginOfUsersTomlSendsAsThatSays) {
  Submitter submitter(settings, *listener, kNetwork);
  const std::string login = "shop";
  submitter.log_in(login);
  EXPECT_EQ(submitter.principal(login).user, settings->users->find("shop"));
  EXPECT_EQ(submitter.tenant(login), nullptr) << "its network's is for clients without a login";
}

TEST_F(SubmitterTest, ALoginOfAnotherServerSendsAsItself) {
  Submitter submitter(settings, *listener, kNetwork);
  std::string login = "anna@shop.example";
  submitter.log_in(login);
  ASSERT_NE(submitter.principal(login).user, nullptr);
  EXPECT_EQ(submitter.principal(login).user->senders,
            std::vector<std::string>{"anna@shop.example"});
  for (const char* not_an_address : {"anna", "@shop.example"}) {
    login = not_an_address;
    submitter.log_in(login);
    EXPECT_EQ(submitter.principal(login).user, nullptr) << login;
  }
}

TEST_F(SubmitterTest, AnAccountSendsAsItself) {
  const Peer account{.client = {.ip = net::IpAddress::of_account(33), .port = 0}};
  const Submitter submitter(settings, *listener, account);
  EXPECT_EQ(submitter.login(nobody), "uid:33");
  EXPECT_EQ(submitter.principal(nobody).login, "uid:33");
}

TEST_F(SubmitterTest, AReloadIsLookedAtUntilTheNextLogin) {
  Submitter submitter(settings, *listener, kNetwork);
  submitter.compare(settings, nobody);
  EXPECT_FALSE(submitter.principal(nobody).revoked);
  auto narrow = std::make_shared<config::Config>(*settings->config);
  narrow->listeners[0].trusted_networks.clear();
  const auto now = made(std::move(narrow));
  submitter.compare(now, nobody);
  EXPECT_TRUE(submitter.principal(nobody).revoked);
  submitter.log_in("shop");
  submitter.compare(now, "shop");
  EXPECT_FALSE(submitter.principal("shop").revoked);
}

}  // namespace
}  // namespace signpost::submission
