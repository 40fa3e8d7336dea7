#include "relay/source_pool.h"

#include "relay/redirect.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace signpost::relay {
namespace {

class SourcePoolTest : public testing::Test {
 protected:
  config::PoolConfig& add(std::string name, std::vector<std::string> senders,
                          std::vector<std::string> logins = {},
                          std::vector<std::string> tenants = {}) {
    config::PoolConfig& pool = config.pools.emplace_back();
    pool.name = std::move(name);
    pool.senders = std::move(senders);
    pool.logins = std::move(logins);
    pool.tenants = std::move(tenants);
    return pool;
  }
  static smtp::ReversePath path(std::string_view text) {
    return text.empty() ? smtp::ReversePath() : smtp::Mailbox::from_text(text);
  }
  std::string pool(std::string_view reverse_path, std::string_view login = "") const {
    const config::PoolConfig* found = find_pool(config, {login, path(reverse_path)});
    return found == nullptr ? "none" : found->name;
  }
  std::string route(std::string_view reverse_path, std::string_view domain) const {
    return sender_route(config, {"", path(reverse_path)}, domain);
  }

  config::Config config;
};

TEST_F(SourcePoolTest, TheFirstThatAppliesIsTaken) {
  EXPECT_EQ(pool("a@shop.example"), "none");
  config.tenants.push_back({.name = "acme", .domains = {"acme.example", "*.acme.example"}});
  add("letters", {"@news.shop.example"});
  add("bulk", {}, {"bulk", "news"});
  add("acme", {}, {}, {"acme"});
  EXPECT_EQ(pool("a@news.shop.example", "shop"), "letters");
  EXPECT_EQ(pool("a@shop.example", "news"), "bulk");
  EXPECT_EQ(pool("a@shop.example", "shop"), "none");
  EXPECT_EQ(pool("a@acme.example", "shop"), "acme");
  EXPECT_EQ(pool("a@mail.acme.example"), "acme");
  EXPECT_EQ(pool(""), "none") << "a notification";
  add("rest", {});
  EXPECT_EQ(pool("a@shop.example", "shop"), "rest");
  EXPECT_EQ(pool(""), "rest");
}

TEST_F(SourcePoolTest, AllThatAPoolAsksForMustFit) {
  add("both", {"@shop.example"}, {"news"});
  EXPECT_EQ(pool("a@shop.example", "news"), "both");
  EXPECT_EQ(pool("a@shop.example", "shop"), "none");
  EXPECT_EQ(pool("a@other.example", "news"), "none");
}

TEST_F(SourcePoolTest, TheLaneRemembersItBesideTheRoute) {
  add("letters", {"@shop.example"});
  EXPECT_EQ(route("a@shop.example", "x.example"), "<letters");
  EXPECT_EQ(route("a@other.example", "x.example"), "");
  config::RouteConfig mx;
  mx.via = "mx";
  mx.mx = true;
  mx.senders = {"@shop.example"};
  mx.recipients = {"y.example"};
  config.routes.push_back(mx);
  EXPECT_EQ(route("a@shop.example", "y.example"), "mx<letters");
  config::RouteConfig host;
  host.via = "smtp://inner";
  host.recipients = {"z.example"};
  config.routes.push_back(host);
  EXPECT_EQ(route("a@shop.example", "z.example"), "") << "a [[route]] has no pool";
}

TEST_F(SourcePoolTest, ARouteIsTakenApart) {
  EXPECT_EQ(with_pool("mx", "letters"), "mx<letters");
  EXPECT_EQ(with_pool("mx", ""), "mx");
  for (const auto& [text, via, pool] :
       std::vector<std::array<std::string, 3>>{{"", "", ""},
                                               {"mx", "mx", ""},
                                               {"<letters", "", "letters"},
                                               {"mx<letters", "mx", "letters"},
                                               {">smtp://a", ">smtp://a", ""}}) {
    EXPECT_EQ(without_pool(text), via) << text;
    EXPECT_EQ(pool_of(text), pool) << text;
  }
  EXPECT_EQ(route_text("<letters"), "mx from pool letters");
  EXPECT_EQ(route_text("smtp://a"), "smtp://a");
}

TEST_F(SourcePoolTest, APoolDoesNotHideTheRouteOfALane) {
  config::RouteConfig mx;
  mx.via = "mx";
  mx.mx = true;
  mx.senders = {"@shop.example"};
  config.routes.push_back(mx);
  const config::RouteConfig* const found = lane_route(config, "x.example", "mx<letters");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->via, "mx");
}

}  // namespace
}  // namespace signpost::relay
