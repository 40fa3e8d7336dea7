#include "relay/next_hop.h"

#include "smtp/idna.h"

#include <gtest/gtest.h>

namespace signpost::relay {
namespace {

config::RouteConfig route(std::vector<std::string> recipients, std::vector<std::string> senders,
                          std::string host, std::uint16_t port = 25) {
  config::RouteConfig config;
  config.recipients = std::move(recipients);
  config.senders = std::move(senders);
  config.mx = host == "mx";
  if (!config.mx) config.host = std::move(host);
  config.port = port;
  return config;
}

std::string key(const config::Config& config, std::string_view sender, std::string_view domain) {
  const auto hop = next_hop(config, sender, domain);
  return hop ? hop->key : "error: " + hop.error().detail;
}

TEST(NextHop, IsTheMxHostsOfTheDomainByDefault) {
  const config::Config config;
  const auto hop = next_hop(config, "a@shop.example", "Example.NET");
  ASSERT_TRUE(hop);
  EXPECT_TRUE(hop->mx);
  EXPECT_EQ(hop->host, "example.net");
  EXPECT_EQ(hop->port, 25);
}

TEST(NextHop, UnicodeAndAsciiFormsOfADomainAreOneNextHop) {
  const config::Config config;
  EXPECT_EQ(key(config, "", "bücher.example"), "mx:xn--bcher-kva.example");
  EXPECT_EQ(key(config, "", "xn--bcher-kva.example"), "mx:xn--bcher-kva.example");
}

TEST(NextHop, AnAddressLiteralIsTheHostItself) {
  const config::Config config;
  auto hop = next_hop(config, "", "[192.0.2.1]");
  ASSERT_TRUE(hop);
  EXPECT_FALSE(hop->mx);
  EXPECT_EQ(hop->host, "192.0.2.1");
  hop = next_hop(config, "", "[IPv6:2001:db8::1]");
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->host, "2001:db8::1");
}

TEST(NextHop, WhatIsNoDomainIsAnError) {
  const config::Config config;
  EXPECT_FALSE(next_hop(config, "", "a..example"));
  EXPECT_FALSE(next_hop(config, "", ""));
  EXPECT_FALSE(next_hop(config, "", std::string(64, 'a') + ".example"));
}

TEST(NextHop, TheFirstRouteThatMatchesWins) {
  config::Config config;
  config.routes = {route({"special.example"}, {"@tenant.example"}, "10.0.0.1"),
                   route({"special.example"}, {}, "mx"), route({}, {}, "10.0.0.2", 2525)};
  EXPECT_EQ(key(config, "x@tenant.example", "special.example"), "smtp:10.0.0.1:25");
  EXPECT_EQ(key(config, "x@other.example", "special.example"), "mx:special.example");
  EXPECT_EQ(key(config, "x@other.example", "else.example"), "smtp:10.0.0.2:2525");
}

TEST(NextHop, SenderPatternsAreDomainsOrAddresses) {
  config::Config config;
  config.routes = {route({}, {"boss@shop.example"}, "10.0.0.1"),
                   route({}, {"@news.example"}, "10.0.0.2")};
  EXPECT_EQ(key(config, "BOSS@shop.example", "a.example"), "smtp:10.0.0.1:25");
  EXPECT_EQ(key(config, "bossa@shop.example", "a.example"), "mx:a.example");
  EXPECT_EQ(key(config, "x@NEWS.example", "a.example"), "smtp:10.0.0.2:25");
  EXPECT_EQ(key(config, "x@sub.news.example", "a.example"), "mx:a.example");
  EXPECT_EQ(key(config, "", "a.example"), "mx:a.example");
}

TEST(NextHop, LimitsComeFromTheFirstDestinationThatMatches) {
  config::Config config;
  config::DestinationConfig special;
  special.match = {"*.example"};
  special.connections = 3;
  special.tls = config::TlsPolicy::Verify;
  config::DestinationConfig rest;
  rest.match = {"*"};
  rest.connections = 7;
  rest.messages_per_connection = 5;
  config.destinations = {special, rest};
  const auto narrow = next_hop(config, "", "a.example");
  const auto wide = next_hop(config, "", "a.test");
  ASSERT_TRUE(narrow && wide);
  EXPECT_EQ(narrow->connections, 3u);
  EXPECT_EQ(narrow->tls, config::TlsPolicy::Verify);
  EXPECT_EQ(wide->connections, 7u);
  EXPECT_EQ(wide->messages_per_connection, 5u);
  EXPECT_EQ(wide->tls, config::TlsPolicy::Opportunistic);
}

TEST(AsciiDomainForm, ConvertsTheDomainOnlyWhenTheLocalPartAllowsIt) {
  EXPECT_EQ(smtp::ascii_domain_form("a@bücher.example"), "a@xn--bcher-kva.example");
  EXPECT_EQ(smtp::ascii_domain_form("jörg@bücher.example"), "jörg@bücher.example");
  EXPECT_EQ(smtp::ascii_domain_form("a@b.example"), "a@b.example");
  EXPECT_EQ(smtp::ascii_domain_form(""), "");
}

}  // namespace
}  // namespace signpost::relay
