#include "admin/site_key.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::admin {
namespace {

config::Config configuration() {
  config::Config config;
  config::RouteConfig& route = config.routes.emplace_back();
  route.via = "smtp://relay.example:587";
  config::HopConfig& hop = route.hops.emplace_back();
  hop.host = "relay.example";
  hop.port = 587;
  config::DestinationConfig& limited = config.destinations.emplace_back();
  limited.match = {"mx:*.mail.example"};
  limited.connections = 3;
  config::DestinationConfig& unlimited = config.destinations.emplace_back();
  unlimited.match = {"mx:*.slow.example"};
  return config;
}

std::string key(std::string_view name) {
  const auto found = site_key(configuration(), name);
  if (found) return *found;
  EXPECT_EQ(found.error().code, Errc::InvalidArgument);
  EXPECT_TRUE(found.error().detail.starts_with(name)) << found.error().detail;
  return "";
}

TEST(SiteKey, IsWrittenAsTheRelayWritesIt) {
  EXPECT_EQ(key("mx:mx.example.net"), "mx:mx.example.net");
  EXPECT_EQ(key("mx:MX1.example.net.,mx2.Example.net.>mx3.example.net"),
            "mx:mx1.example.net,mx2.example.net>mx3.example.net");
  EXPECT_EQ(key("a:example.net."), "a:example.net");
  EXPECT_EQ(key("mx:mx.example.net [*.shop.example] tls=verify"),
            "mx:mx.example.net [*.shop.example] tls=verify");
  EXPECT_EQ(key("mx:*.Mail.example"), "mx:*.mail.example");
  EXPECT_EQ(key("smtp:relay.example:587"), "smtp:relay.example:587");
  EXPECT_EQ(key("smtp:relay.example:587 tls=verify"), "smtp:relay.example:587 tls=verify");
  EXPECT_EQ(key("smtp:relay.example:587 dane=off"), "smtp:relay.example:587 dane=off");
  EXPECT_EQ(key("smtp://relay.example:587"), "smtp:relay.example:587") << "as the route's via";
}

TEST(SiteKey, WhatNoMailCanHaveIsRefused) {
  for (const char* name :
       {"mx:*.example", "mx:*.slow.example", "mx:a..example", "mx:a.example b", "mx:,",
        "mx:a.example,", "smtp:relay.example:25", "smtp:relay.example:5870",
        "smtp://other.example:25", "lmtp:unix:/run/lmtp", "smtp:192.0.2.1:25"}) {
    EXPECT_EQ(key(name), "") << name;
  }
}

TEST(SiteKey, AnAddressLiteralsSiteNeedsThatTheyAreServed) {
  config::Config config = configuration();
  config.delivery.address_literals = true;
  EXPECT_TRUE(site_key(config, "smtp:192.0.2.1:25"));
  EXPECT_FALSE(site_key(config, "smtp:192.0.2.1:26"));
}

}  // namespace
}  // namespace signpost::admin
