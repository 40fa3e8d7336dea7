#include "delivery/lane_share.h"

#include "auth/users.h"
#include "net/address.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace signpost::delivery {
namespace {

class LaneShareTest : public testing::Test {
 protected:
  LaneShareTest() {
    config::Config config;
    config.tenants.push_back(
        {.name = "acme", .domains = {}, .networks = {*net::Network::parse("192.0.2.0/24")}});
    settings_.config = std::make_shared<const config::Config>(config);
    auto users = auth::Users::parse(
        "[shop]\nclass = \"transactional\"\ntenant = \"acme\"\n"
        "[letters]\nclass = \"bulk\"\ntenant = \"acme\"\n"
        "[office]\ntenant = \"acme\"\n"
        "[alone]\nclass = \"bulk\"\n",
        "users.toml");
    EXPECT_TRUE(users) << users.error().detail;
    settings_.users = *users;
  }
  LaneShare share(const std::string& account, int priority = 0) const {
    return share_of(settings_, {"a.example", account, "", priority});
  }

  relay::Settings settings_;
};

TEST_F(LaneShareTest, LoginsOfATenantHaveOneTurn) {
  EXPECT_EQ(share("shop").owner, "tenant acme");
  EXPECT_EQ(share("letters").owner, "tenant acme");
  EXPECT_EQ(share("@shop.example 192.0.2.7").owner, "tenant acme") << "a client of its network";
  EXPECT_EQ(share("alone").owner, "alone");
  EXPECT_EQ(share("removed").owner, "removed");
  EXPECT_EQ(share("@shop.example 198.51.100.7").owner, "198.51.100.7");
  EXPECT_EQ(share("@shop.example").owner, "@shop.example") << "our own notifications";
}

TEST_F(LaneShareTest, NoPriorityOutranksAClass) {
  EXPECT_GT(share("shop", -9).rank, share("office", 9).rank);
  EXPECT_GT(share("office", -9).rank, share("letters", 9).rank);
  EXPECT_GT(share("office", 1).rank, share("office").rank);
  EXPECT_EQ(share("office").rank, 0);
  EXPECT_EQ(share("@shop.example 198.51.100.7", 4).rank, 4);
}

TEST_F(LaneShareTest, WithoutUsersThereAreNoClasses) {
  settings_.users = nullptr;
  EXPECT_EQ(share("shop").owner, "shop");
  EXPECT_EQ(share("shop", 2).rank, 2);
}

}  // namespace
}  // namespace signpost::delivery
