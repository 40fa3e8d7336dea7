// [[route]]: next hops, their logins and secrets, and what of them may be shown.
#include "config/config.h"
#include "config/config_file.h"
#include "config/next_hop_url.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::config {
namespace {

const std::string kGood =
    "hostname = \"mail.shop.example\"\n"
    "[[listener]]\nbind = \"127.0.0.1:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
    "trusted_networks = [\"127.0.0.0/8\"]\n[[route]]\n";

// The only error of a route with these lines, from its key on; "" without one.
std::string error_of(const std::string& lines) {
  const LoadedConfig loaded = parse_config(kGood + lines + "\n", "/etc/signpost/signpost.toml");
  EXPECT_LE(loaded.errors.size(), 1U);
  if (loaded.errors.empty()) return "";
  return loaded.errors[0].key + ": " + loaded.errors[0].message;
}

RouteConfig route_of(const std::string& lines) {
  const LoadedConfig loaded = parse_config(kGood + lines + "\n", "/etc/signpost/signpost.toml");
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << error.text();
  return loaded.config ? loaded.config->routes.at(0) : RouteConfig();
}

TEST(NextHopUrl, EachProtocolHasItsPort) {
  EXPECT_EQ(parse_next_hop("smtp://a.example")->port, 25);
  EXPECT_EQ(parse_next_hop("smtps://a.example")->port, 465);
  EXPECT_EQ(parse_next_hop("lmtp://a.example")->port, 24);
  EXPECT_EQ(parse_next_hop("smtps://[2001:db8::1]:587")->port, 587);
  EXPECT_EQ(parse_next_hop("lmtp://a.example")->protocol, HopProtocol::Lmtp);
  const auto socket = parse_next_hop("lmtp:unix:/run/dovecot/lmtp");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->socket, "/run/dovecot/lmtp");
  EXPECT_EQ(socket->host, "");
  EXPECT_EQ(socket->name, "lmtp:unix:/run/dovecot/lmtp");
}

TEST(NextHopUrl, ANextHopWithoutALoginIsStoredAsItIsWritten) {
  EXPECT_EQ(route_of("via = \"smtp://Relay.Example:25\"").via, "smtp://Relay.Example:25");
  EXPECT_EQ(route_of("via = \"smtp://[2001:DB8::5]\"").via, "smtp://[2001:DB8::5]");
  EXPECT_EQ(route_of("via = \"mx\"").via, "mx");
}

TEST(NextHopUrl, ALoginIsDecodedAndLeavesOnlyAMark) {
  const auto hop = parse_next_hop("smtps://me%40x.example:p%2Fw%3a1@a.example");
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->login, "me@x.example");
  EXPECT_EQ(hop->password->view(), "p/w:1");
  // printf me@x.example | sha256sum
  EXPECT_EQ(hop->name, "smtps://a.example login=98370c21");
  const auto other = parse_next_hop("smtps://you%40x.example:p%2Fw%3a1@a.example");
  ASSERT_TRUE(other);
  EXPECT_NE(other->name, hop->name) << "mail of one must not go with the login of the other";
  EXPECT_EQ(parse_next_hop("smtps://me%40x.example:new@a.example")->name, hop->name)
      << "a new password is the same place";
}

TEST(NextHopUrl, ALoginThatIsNotEncodedIsRefusedUnseen) {
  for (const char* text :
       {"smtp://a@b@c.example", "smtp://u:p/w@c.example", "smtp://u:%4@c.example",
        "smtp://u:%zz@c.example", "smtp://u:a%00b@c.example", "smtp://u:a b@c.example"}) {
    const auto hop = parse_next_hop(text);
    ASSERT_FALSE(hop) << text;
    EXPECT_TRUE(hop.error().what.starts_with("the login or its password has a character"))
        << hop.error().what;
  }
  EXPECT_EQ(parse_next_hop("smtp://@c.example").error().what,
            "there is an @, and no login before it");
  EXPECT_EQ(parse_next_hop("smtp://u:@c.example").error().what, "the password is empty");
}

TEST(RouteConfig, AListHasWeights) {
  const RouteConfig route = route_of(
      "via = [\"smtps://a.example\", { hop = \"smtp://b.example:587\", weight = 3 }, "
      "{ hop = \"lmtp:unix:/run/x\", weight = 0 }]");
  EXPECT_EQ(route.via, "smtps://a.example, smtp://b.example:587, lmtp:unix:/run/x");
  ASSERT_EQ(route.hops.size(), 3U);
  EXPECT_EQ(route.hops[0].weight, 1U);
  EXPECT_EQ(route.hops[1].weight, 3U);
  EXPECT_EQ(route.hops[2].weight, 0U);
}

TEST(RouteConfig, AListThatCannotBeUsedSaysWhy) {
  const auto says = [](const std::string& list, std::string_view what) {
    const std::string error = error_of("via = " + list);
    EXPECT_TRUE(error.starts_with("route.via: " + std::string(what))) << error;
  };
  says("[]", "the list is empty");
  says("[\"mx\", \"smtp://a.example\"]", "\"mx\" is not a next hop");
  says("[\"smtp://a.example\", \"smtp://a.example\"]", "\"smtp://a.example\" appears twice");
  says("[{ hop = \"smtp://a.example\", weight = 0 }]", "all next hops have weight 0");
  says("[{ hop = \"smtp://a.example\", weight = -1 }]",
       "a weight is a whole number from 0 to 1000");
  says("[{ weight = 1 }]", "a table in the list has no hop");
  says("[{ hop = \"smtp://a.example\", wait = 1 }]", "unknown key \"wait\" in a next hop");
  says("[1]", "found a whole number in a list of next hops");
}

TEST(RouteConfig, ALoginNeedsOneSecret) {
  const std::string login = "via = \"smtps://shop@a.example\"\n";
  const std::string both = "via = \"smtps://shop:hunter2@a.example\"\n";
  EXPECT_TRUE(error_of(login).starts_with("route.via: a login has no password"));
  EXPECT_EQ(error_of(login + "password_file = \"f\""), "");
  EXPECT_EQ(error_of(login + "token_file = \"f\""), "");
  EXPECT_EQ(error_of(both), "");
  EXPECT_EQ(error_of(login + "password_file = \"f\"\ntoken_file = \"f\""),
            "route.token_file: there is a password_file, too; remove one of them");
  EXPECT_EQ(error_of(both + "token_file = \"f\""),
            "route.token_file: there is a password in via, too; remove one of them");
  EXPECT_EQ(error_of("via = \"smtp://a.example\"\npassword_file = \"f\""),
            "route.password_file: no next hop has a login; write it in via, as in "
            "\"smtps://login@host\"");
}

TEST(RouteConfig, ACertificateOfTheRelayHasItsKey) {
  const std::string via = "via = \"smtp://a.example\"\n";
  EXPECT_EQ(error_of(via + "client_certificate = \"c\"\nclient_key = \"k\""), "");
  EXPECT_EQ(error_of(via + "client_certificate = \"c\""),
            "route.client_certificate: needs its private key; write client_key");
  EXPECT_EQ(error_of(via + "client_key = \"k\""),
            "route.client_key: is the key of no certificate; write client_certificate");
}

TEST(RouteConfig, AMechanismFitsTheSecret) {
  const std::string login = "via = \"smtps://shop@a.example\"\n";
  EXPECT_EQ(error_of(login + "auth = \"xoauth2\"\npassword_file = \"f\""),
            "route.auth: needs a token; write token_file");
  EXPECT_TRUE(error_of(login + "auth = \"plain\"\ntoken_file = \"f\"")
                  .starts_with("route.auth: needs a password, and there is a token_file"));
  EXPECT_TRUE(error_of(login + "auth = \"cram-md5\"\npassword_file = \"f\"")
                  .starts_with("route.auth: unknown value \"cram-md5\""));
}

TEST(RouteConfig, APasswordIsNotSentInClearToAnotherMachine) {
  const std::string clear =
      "route.tls: would let the password go over the network in clear; write \"encrypt\" or "
      "\"verify\"";
  const auto with = [](const std::string& place, const std::string& rest) {
    return error_of("via = \"" + place + "\"\n" + rest);
  };
  EXPECT_EQ(with("smtp://u:p@a.example", "tls = \"off\""), clear);
  EXPECT_EQ(with("smtp://u:p@a.example", "tls = \"opportunistic\""), clear);
  EXPECT_EQ(with("smtp://u:p@10.0.0.5", "tls = \"off\"\nauth = \"login\""), clear);
  EXPECT_EQ(with("smtp://u:p@a.example", "tls = \"off\"\nauth = \"scram-sha-256\""), "");
  EXPECT_EQ(with("smtp://u:p@127.0.0.1", "tls = \"off\""), "");
  EXPECT_EQ(with("smtp://u:p@[::1]", "tls = \"opportunistic\""), "");
  EXPECT_EQ(with("smtps://u:p@a.example", "tls = \"off\""), "") << "TLS comes first";
}

TEST(RouteConfig, ALoginAndSmtpsRaiseTheTlsPolicy) {
  const auto policy = [](std::string_view hop, TlsPolicy wanted) {
    return tls_for(*parse_next_hop(hop), wanted);
  };
  EXPECT_EQ(policy("smtp://a.example", TlsPolicy::Opportunistic), TlsPolicy::Opportunistic);
  EXPECT_EQ(policy("smtp://u:p@a.example", TlsPolicy::Opportunistic), TlsPolicy::Encrypt);
  EXPECT_EQ(policy("smtp://u:p@a.example", TlsPolicy::Verify), TlsPolicy::Verify);
  EXPECT_EQ(policy("smtp://u:p@127.0.0.1", TlsPolicy::Off), TlsPolicy::Off);
  EXPECT_EQ(policy("smtps://a.example", TlsPolicy::Off), TlsPolicy::Encrypt);
  EXPECT_EQ(policy("lmtp:unix:/run/x", TlsPolicy::Verify), TlsPolicy::Off) << "nobody listens";
}

TEST(RouteDoubts, ARouteOfALoginLeavesMailForTheOneAfterIt) {
  const auto doubts = [](const std::string& first, const std::string& second) {
    const LoadedConfig loaded = parse_config(
        kGood + "via = \"mx\"\n" + first + "[[route]]\nvia = \"mx\"\n" + second, "s.toml");
    return loaded.config->doubts.size();
  };
  EXPECT_EQ(doubts("logins = [\"shop\"]\n", ""), 0U);
  EXPECT_EQ(doubts("", "logins = [\"shop\"]\n"), 1U);
  EXPECT_EQ(doubts("logins = [\"shop\", \"b\"]\n", "logins = [\"shop\"]\n"), 1U);
  EXPECT_EQ(doubts("logins = [\"shop\"]\n", "logins = [\"shop\", \"b\"]\n"), 0U);
}

}  // namespace
}  // namespace signpost::config
