#include "relay/redirect.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::relay {
namespace {

constexpr const char* kVia = "smtp://relay.example:25";

config::Config with_routes() {
  config::Config config;
  config::RouteConfig& by_sender = config.routes.emplace_back();
  by_sender.senders = {"@shop.example"};
  by_sender.via = "smtp://shop.example:25";
  config::RouteConfig& by_domain = config.routes.emplace_back();
  by_domain.recipients = {"b.example"};
  by_domain.via = kVia;
  return config;
}

const smtp::ReversePath kSender = smtp::Mailbox::from_text("orders@shop.example");

TEST(Redirect, ItsTextIsNoVia) {
  const std::string route = redirection_to(kVia);
  EXPECT_TRUE(is_redirected(route));
  EXPECT_EQ(redirected_via(route), kVia);
  EXPECT_FALSE(is_redirected(kVia));
  EXPECT_FALSE(is_redirected(""));
  EXPECT_EQ(redirected_via(kVia), "");
}

TEST(Redirect, ItLeadsToTheRouteWhateverTheDomain) {
  const config::Config config = with_routes();
  const config::RouteConfig* const route = lane_route(config, "a.example", redirection_to(kVia));
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->via, kVia);
  EXPECT_EQ(lane_route(config, "a.example", ""), nullptr);
  EXPECT_EQ(lane_route(config, "a.example", redirection_to("smtp://gone.example:25")), nullptr);
}

TEST(Redirect, ItLastsWhileTheConfigurationHasTheRoute) {
  config::Config config = with_routes();
  const Origin origin{"", kSender};
  const queue::Lane lane{"a.example", "shop", redirection_to(kVia)};
  EXPECT_EQ(route_in_force(config, origin, lane), lane.route);
  EXPECT_EQ(route_in_force(config, origin, {"a.example", "shop", ""}), "smtp://shop.example:25");
  config.routes.pop_back();
  EXPECT_EQ(route_in_force(config, origin, lane), "smtp://shop.example:25");
}

TEST(Redirect, TheMxHostsNeedNoRoute) {
  config::Config config = with_routes();
  const Origin origin{"", kSender};
  const queue::Lane lane{"b.example", "shop", redirection_to(kViaMx)};
  EXPECT_TRUE(has_way(config, kViaMx));
  EXPECT_FALSE(has_way(config, "smtp://gone.example:25"));
  EXPECT_EQ(route_in_force(config, origin, lane), lane.route);
  EXPECT_EQ(lane_route(config, "b.example", lane.route), nullptr);
  config::RouteConfig& route = config.routes.emplace_back();
  route.via = kViaMx;
  route.mx = true;
  EXPECT_EQ(lane_route(config, "b.example", lane.route), &route);
}

}  // namespace
}  // namespace signpost::relay
