#include "delivery/route_hop.h"

#include "config/next_hop_url.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {
namespace {

using config::TlsPolicy;

// As written in `via`.
config::RouteConfig route(const std::vector<std::string_view>& via) {
  config::RouteConfig route;
  for (const std::string_view each : via)
    route.hops.push_back(config::parse_next_hop(each).value());
  return route;
}

std::vector<TlsPolicy> policies(const std::vector<RouteHop>& hops) {
  std::vector<TlsPolicy> all;
  for (const RouteHop& hop : hops) all.push_back(hop.tls);
  return all;
}

// What a login sends first with this mechanism.
std::string first_words(const smtp::ClientLogin& login, const std::string& mechanism) {
  const std::array<std::string, 1> offered{mechanism};
  auto exchange = login.begin(offered, true);
  return exchange ? (*exchange)->initial_response().value_or("") : exchange.error();
}

TEST(RouteHop, EachHasThePolicyOfItsRouteOrOfAllMailRaisedToWhatItNeeds) {
  config::RouteConfig three = route({"smtp://a.example", "smtps://b.example", "lmtp:unix:/run/l"});
  EXPECT_EQ(policies(hops_of(three, TlsPolicy::Opportunistic)),
            (std::vector{TlsPolicy::Opportunistic, TlsPolicy::Encrypt, TlsPolicy::Off}));
  three.tls = TlsPolicy::Verify;
  EXPECT_EQ(policies(hops_of(three, TlsPolicy::Opportunistic)),
            (std::vector{TlsPolicy::Verify, TlsPolicy::Verify, TlsPolicy::Off}));
}

TEST(RouteHop, OnlyOneWithALoginHasItsMechanismAndToken) {
  config::RouteConfig mixed = route({"smtp://shop@a.example:587", "smtp://b.example"});
  mixed.auth = sasl::Mechanism::Xoauth2;
  mixed.token_file = "/run/token";
  const std::vector<RouteHop> hops = hops_of(mixed, TlsPolicy::Opportunistic);
  EXPECT_EQ(hops[0].auth, sasl::Mechanism::Xoauth2);
  EXPECT_EQ(hops[0].token_file, "/run/token");
  EXPECT_EQ(hops[0].tls, TlsPolicy::Encrypt);  // the login is not shown to everyone
  EXPECT_EQ(hops[1].auth, std::nullopt);
  EXPECT_EQ(hops[1].token_file, "");
}

TEST(RouteHop, AKeyNamesThePlacesInTheirOrder) {
  EXPECT_EQ(key_of(hops_of(route({"smtp://a.example", "smtps://b.example", "lmtp://c.example:2003",
                                  "lmtp:unix:/run/l"}),
                           TlsPolicy::Opportunistic)),
            "smtp:a.example:25,smtps:b.example:465,lmtp:c.example:2003,lmtp:unix:/run/l");
}

TEST(RouteHop, FilesOfARouteKeepItsConnectionsApart) {
  config::RouteConfig plain = route({"smtp://a.example"});
  config::RouteConfig pinned = plain;
  pinned.ca_file = "/etc/ca.pem";
  config::RouteConfig shown = plain;
  shown.client_certificate = "/etc/ca.pem";
  const auto key = [](const config::RouteConfig& of) {
    return key_of(hops_of(of, TlsPolicy::Opportunistic));
  };
  EXPECT_EQ(key(plain), "smtp:a.example:25");
  EXPECT_TRUE(key(pinned).starts_with("smtp:a.example:25 files="));
  EXPECT_NE(key(pinned), key(shown));
}

TEST(RouteHop, WhatMustNotShareAConnectionDiffersInItsKey) {
  RouteHop hop{.to = config::parse_next_hop("smtp://shop@a.example:587").value()};
  const std::string plain = key_of({hop});
  EXPECT_TRUE(plain.starts_with("smtp:a.example:587 login=")) << plain;
  EXPECT_FALSE(plain.contains("shop")) << plain;
  hop.auth = sasl::Mechanism::Plain;
  EXPECT_EQ(key_of({hop}), plain + " auth=PLAIN");
  hop.token_file = "/run/token";
  EXPECT_EQ(key_of({hop}), plain + " auth=PLAIN token");
  hop.to.weight = 3;
  EXPECT_EQ(key_of({hop}), plain + " auth=PLAIN token*3");
  RouteHop other{.to = config::parse_next_hop("smtp://office@a.example:587").value()};
  EXPECT_NE(key_of({other}), plain);
}

TEST(RouteHop, NoLoginIsNone) {
  const auto login = login_at({.to = config::parse_next_hop("smtp://a.example").value()});
  ASSERT_TRUE(login);
  EXPECT_EQ(*login, nullptr);
}

TEST(RouteHop, APasswordComesWithTheConfiguration) {
  RouteHop hop{.to = config::parse_next_hop("smtp://shop@a.example:587").value()};
  hop.to.password = std::make_shared<const sasl::Password>("secret");
  const auto login = login_at(hop);
  ASSERT_TRUE(login);
  EXPECT_EQ(first_words(**login, "PLAIN"), std::string("\0shop\0secret", 12));
}

class TokenTest : public testing::Test {
 protected:
  TokenTest() { hop_.token_file = folder_.path() + "/token"; }
  void write(const std::string& text) { std::ofstream(hop_.token_file) << text; }

  test::TemporaryDirectory folder_;
  RouteHop hop_{.to = config::parse_next_hop("smtp://shop@a.example:587").value()};
};

TEST_F(TokenTest, IsReadForEachLogin) {
  write(" first\n");
  EXPECT_EQ(first_words(*login_at(hop_).value(), "XOAUTH2"),
            "user=shop\x01"
            "auth=Bearer first\x01\x01");
  write("second\n");
  EXPECT_EQ(first_words(*login_at(hop_).value(), "XOAUTH2"),
            "user=shop\x01"
            "auth=Bearer second\x01\x01");
}

TEST_F(TokenTest, IsNotUsedAsAPassword) {
  write("first\n");
  EXPECT_TRUE(first_words(*login_at(hop_).value(), "PLAIN").contains("the peer offers"));
}

TEST_F(TokenTest, WithoutItsFileThereIsNoLogin) {
  const auto login = login_at(hop_);
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code, Errc::NotFound);
  EXPECT_TRUE(login.error().detail.contains("the token in " + hop_.token_file));
}

TEST_F(TokenTest, MustFitIntoALine) {
  write(std::string(8192, 'x'));
  EXPECT_TRUE(login_at(hop_));
  write(std::string(8193, 'x'));
  const auto login = login_at(hop_);
  ASSERT_FALSE(login);
  EXPECT_TRUE(login.error().detail.contains("at most 8192 octets")) << login.error().detail;
}

}  // namespace
}  // namespace signpost::delivery
