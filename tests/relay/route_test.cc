#include "relay/route.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signpost::relay {
namespace {

class RouteTest : public testing::Test {
 protected:
  void add(std::vector<std::string> recipients, std::vector<std::string> senders, std::string via,
           std::vector<std::string> logins = {}) {
    config::RouteConfig route;
    route.logins = std::move(logins);
    route.recipients = std::move(recipients);
    route.senders = std::move(senders);
    route.via = std::move(via);
    config.routes.push_back(std::move(route));
  }
  static smtp::ReversePath path(std::string_view text) {
    return text.empty() ? smtp::ReversePath() : smtp::Mailbox::from_text(text);
  }
  std::string via(std::string_view reverse_path, std::string_view domain,
                  std::string_view login = "") const {
    const config::RouteConfig* route = find_route(config, {login, path(reverse_path)}, domain);
    return route == nullptr ? "none" : route->via;
  }

  config::Config config;
};

TEST_F(RouteTest, TheFirstThatAppliesIsTaken) {
  EXPECT_EQ(via("a@shop.example", "x.example"), "none");
  add({"*.inner.example"}, {}, "inner");
  add({}, {"a@shop.example"}, "personal");
  add({}, {"@shop.example"}, "shop");
  add({}, {""}, "bounces");
  EXPECT_EQ(via("a@shop.example", "x.inner.example"), "inner");
  EXPECT_EQ(via("a@shop.example", "x.example"), "personal");
  EXPECT_EQ(via("A@shop.example", "x.example"), "personal");
  EXPECT_EQ(via("b@shop.example", "x.example"), "shop");
  EXPECT_EQ(via("", "x.example"), "bounces");
  EXPECT_EQ(via("b@other.example", "x.example"), "none");
}

TEST_F(RouteTest, ASenderCountsOnlyWhereItDecides) {
  add({"*.inner.example"}, {}, "inner");
  add({}, {"@shop.example"}, "shop");
  add({}, {}, "rest");
  EXPECT_EQ(sender_route(config, {"", path("b@shop.example")}, "x.example"), "shop");
  EXPECT_EQ(sender_route(config, {"", path("b@shop.example")}, "x.inner.example"), "");
  EXPECT_EQ(sender_route(config, {"", path("b@other.example")}, "x.example"), "");
}

TEST_F(RouteTest, ALoginDecidesWhereARouteAsksForIt) {
  add({"x.example"}, {"@shop.example"}, "both", {"shop"});
  add({}, {}, "logins", {"shop", "news"});
  add({}, {}, "rest");
  EXPECT_EQ(via("a@shop.example", "x.example", "shop"), "both");
  EXPECT_EQ(via("a@shop.example", "x.example", "news"), "logins");
  EXPECT_EQ(via("a@other.example", "x.example", "shop"), "logins");
  EXPECT_EQ(via("a@shop.example", "x.example", "Shop"), "rest") << "logins have cases";
  EXPECT_EQ(via("a@shop.example", "x.example"), "rest") << "a client without a login";
}

TEST_F(RouteTest, ALoginCountsOnlyWhereItDecides) {
  add({"*.inner.example"}, {}, "inner");
  add({}, {}, "shop", {"shop"});
  add({}, {}, "rest");
  const smtp::ReversePath sender = path("a@shop.example");
  EXPECT_EQ(sender_route(config, {"shop", sender}, "x.example"), "shop");
  EXPECT_EQ(sender_route(config, {"shop", sender}, "x.inner.example"), "");
  EXPECT_EQ(sender_route(config, {"news", sender}, "x.example"), "");
  EXPECT_EQ(lane_of(config, "shop", sender, "x.example").route, "shop");
  EXPECT_EQ(route_of(config, "x.example", "shop"), &config.routes[1]);
  EXPECT_EQ(route_of(config, "x.example", ""), &config.routes[2]);
}

TEST_F(RouteTest, WithoutRoutesByTheSenderThereIsNone) {
  add({"x.example"}, {}, "inner");
  EXPECT_EQ(sender_route(config, {"", path("b@shop.example")}, "x.example"), "");
}

TEST_F(RouteTest, DomainsInUnicodeMatchPatternsInAscii) {
  add({"xn--hndler-bua.example"}, {"@shop.example"}, "inner");
  EXPECT_EQ(sender_route(config, {"", path("b@shop.example")}, "händler.example"), "inner");
}

}  // namespace
}  // namespace signpost::relay
