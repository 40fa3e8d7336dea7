#include "tests/config/config_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::config {
namespace {

// What keys must fulfil together.

std::string listener(const std::string& keys) {
  return "hostname = \"a.example\"\n[[listener]]\n" + keys;
}

TEST(ConfigRules, OpenRelayIsRefused) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n")),
            std::vector<std::string>{
                "signpost.toml:5:8: listener.auth: \"off\" without trusted_networks would let "
                "everyone relay; write the networks that may, or \"required\""});
  EXPECT_EQ(
      errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                         "trusted_networks = [\"10.0.0.0/8\", \"0.0.0.0/0\"]\n")),
      std::vector<std::string>{
          "signpost.toml:6:35: listener.trusted_networks: \"0.0.0.0/0\" covers everyone; write "
          "networks, as in [\"10.0.0.0/8\", \"2001:db8::/32\"]"});
}

std::string trusting_localhost() {
  return listener(
      "bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
      "trusted_networks = [\"127.0.0.0/8\"]\n");
}

TEST(ConfigRules, AUnixSocketHasAccountsInPlaceOfNetworksLoginsAndTls) {
  const std::string bind = "bind = \"unix:/run/signpost/submit\"\n";
  config_of(listener(bind));
  config_of(listener("mode = \"plain\"\nauth = \"off\"\n" + bind));
  EXPECT_EQ(errors_of(listener("mode = \"starttls\"\nauth = \"optional\"\n"
                               "trusted_networks = [\"10.0.0.0/8\"]\n" +
                               bind)),
            (std::vector<std::string>{
                "signpost.toml:3:8: listener.mode: there is no TLS at a unix socket; write "
                "\"plain\"",
                "signpost.toml:4:8: listener.auth: accounts stand in for logins at a unix socket; "
                "write \"off\"",
                "signpost.toml:5:20: listener.trusted_networks: has no meaning at a unix socket; "
                "remove it, and write allow_users"}));
  EXPECT_EQ(errors_of(trusting_localhost() + "allow_users = [\"33\"]\n"),
            std::vector<std::string>{
                "signpost.toml:7:15: listener.allow_users: is for accounts of this machine; "
                "remove it, or bind to \"unix:/path\""});
  EXPECT_EQ(errors_of(listener(bind + "[[listener]]\n" + bind)),
            std::vector<std::string>{"signpost.toml:5:8: listener.bind: unix:/run/signpost/submit "
                                     "is a duplicate of line 3"});
}

TEST(ConfigRules, AUnixSocketNeedsAPathAndAccountsThatExist) {
  for (const auto* path : {"", "submit", "/run/", "/run/../submit", "/run//submit", "/a\\u0001"}) {
    const auto errors = errors_of(listener(std::string("bind = \"unix:") + path + "\"\n"));
    ASSERT_EQ(errors.size(), 1U) << path;
    EXPECT_TRUE(errors[0].contains("is not the absolute path of a socket")) << errors[0];
  }
  const auto errors =
      errors_of(listener("bind = \"unix:/run/s\"\nallow_users = [\"nobody-has-this-name\"]\n"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].contains("is not an account of this machine")) << errors[0];
}

// Keys of a listener that lets these networks relay.
std::string trusting(const std::string& networks) {
  return listener(
      "bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\ntrusted_networks = [" + networks +
      "]\n");
}

TEST(ConfigRules, AVeryWideNetworkNeedsConfirmation) {
  const std::vector<std::string> refused{
      "signpost.toml:6:20: listener.trusted_networks: together these cover more of the Internet "
      "than a /8 (IPv6: a /16) does, which is close to an open relay; write smaller networks, or "
      "also trust_wide_networks = true"};
  for (const auto* networks :
       {"\"0.0.0.0/1\", \"128.0.0.0/1\"", "\"8.0.0.0/7\"", "\"8.0.0.0/8\", \"9.0.0.0/32\"",
        "\"8.0.0.0/9\", \"8.128.0.0/9\", \"203.0.113.7\"", "\"2000::/15\"",
        "\"::/1\", \"8000::/1\"", "\"10.0.0.0/7\", \"12.0.0.0/30\"", "\"64:ff9b::/96\"",
        "\"64:ff9b::/32\"", "\"64:ff9b:1::/48\"", "\"64:ff9b:1:2::/64\"", "\"2002::/16\"",
        "\"2002:800::/23\"", "\"2001::/32\"", "\"2001::/16\"", "\"::ffff:8.0.0.0/103\"",
        "\"8.0.0.0/8\", \"64:ff9b::9.0.0.0/104\""}) {
    EXPECT_EQ(errors_of(trusting(networks)), refused) << networks;
    config_of(trusting(networks) + "trust_wide_networks = true\n");
  }
  for (const auto* networks :
       {"\"8.0.0.0/8\"", "\"8.0.0.0/9\", \"8.0.0.0/8\", \"8.1.0.0/16\"", "\"2000::/16\"",
        "\"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\", \"127.0.0.0/8\", \"fc00::/7\"",
        "\"2001:db8::1\", \"192.0.2.1\"", "\"64:ff9b::8.0.0.0/104\"", "\"2002:800::/24\"",
        "\"2002:c000:204::/48\"", "\"8.0.0.0/8\", \"64:ff9b::8.1.0.0/112\""}) {
    config_of(trusting(networks));
  }
}

TEST(ConfigRules, BitsAfterThePrefixAreAMistake) {
  EXPECT_EQ(errors_of(trusting("\"127.0.0.5/8\", \"2001:db8::1/32\", \"192.0.2.1/32\"")),
            (std::vector<std::string>{
                "signpost.toml:6:21: listener.trusted_networks: \"127.0.0.5/8\" is an address "
                "within the network \"127.0.0.0/8\"; write networks, as in [\"10.0.0.0/8\", "
                "\"2001:db8::/32\"]",
                "signpost.toml:6:36: listener.trusted_networks: \"2001:db8::1/32\" is an address "
                "within the network \"2001:db8::/32\"; write networks, as in [\"10.0.0.0/8\", "
                "\"2001:db8::/32\"]"}));
  EXPECT_EQ(errors_of(trusting("\"127.0.0.5/8\"")).size(), 1U) << "its only mistake";
  expect_errors({{"[delivery]\nallow_networks = [\"127.0.0.5/8\"]\n",
                  "8:19: delivery.allow_networks: \"127.0.0.5/8\" is an address within the network "
                  "\"127.0.0.0/8\"; write networks, as in [\"127.0.0.0/8\"]"}});
}

TEST(ConfigRules, AListenerWhereNobodyCouldLogInIsRefused) {
  EXPECT_EQ(
      errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\n"
                         "login_in_clear = \"never\"\n[auth]\nusers = \"u\"\n")),
      std::vector<std::string>{
          "signpost.toml:5:18: listener.login_in_clear: \"never\" with mode \"plain\" and auth "
          "\"required\" would let nobody log in; write mode = \"starttls\", or \"loopback\""});
}

TEST(ConfigRules, AFieldIsSignedOnceInAnySpelling) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n";
  const std::string right =
      " appears twice; write names of header fields, as in [\"From\", \"Subject\"]";
  expect_errors({{dkim + "headers = [\"From\", \"Subject\", \"from\"]\n",
                  "11:31: dkim.headers: \"from\"" + right},
                 {dkim + "oversign = [\"To\", \"TO\"]\n", "11:19: dkim.oversign: \"TO\"" + right}});
}

std::vector<std::string> doubts_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "signpost.toml");
  std::vector<std::string> texts;
  if (!loaded.config) return {"refused"};
  for (const ConfigError& doubt : loaded.config->doubts) texts.push_back(doubt.text());
  return texts;
}

TEST(ConfigDoubts, DaneThatIsAskedForTakesNameServersThatAreBelieved) {
  const auto with = [](const std::string& dane, const std::string& dns) {
    return kGood + "[delivery]\n" + dane + "[dns]\n" + dns;
  };
  const std::string on = "dane = true\n";
  const std::string elsewhere = "servers = [\"127.0.0.1\", \"192.0.2.1\"]\n";
  EXPECT_EQ(doubts_of(with(on, "trust_ad = false\n")),
            std::vector<std::string>{
                "signpost.toml:8:8: delivery.dane: has no effect: dns.trust_ad is false; write "
                "\"auto\" there, and have a resolver on this machine validate"});
  EXPECT_EQ(doubts_of(with(on, elsewhere)),
            std::vector<std::string>{
                "signpost.toml:8:8: delivery.dane: has no effect: 192.0.2.1:53 in dns.servers is "
                "another machine, which anyone on the way can speak for; ask a validating resolver "
                "on this machine, or write dns.trust_ad = true if the way is safe"});
  for (const std::string& good :
       {with(on, ""), with(on, elsewhere + "trust_ad = true\n"), with("", elsewhere),
        with("", "trust_ad = false\n"), with("dane = false\n", elsewhere),
        with(on, "servers = [\"127.0.0.1\", \"::1\"]\n")}) {
    EXPECT_TRUE(doubts_of(good).empty()) << good;
  }
}

TEST(ConfigDoubts, ADestinationAfterAWiderOneHasNoEffect) {
  const auto destinations = [](const std::string& first, const std::string& second) {
    return kGood + "[[destination]]\nmatch = [" + first + "]\n[[destination]]\nmatch = [" + second +
           "]\n";
  };
  EXPECT_EQ(
      doubts_of(destinations("\"b.example\", \"*\"", "\"a.example\"")),
      std::vector<std::string>{
          "signpost.toml:10:9: destination.match: \"a.example\" has no effect: \"*\" in line 8 "
          "comes first; put this table before that one"});
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"a.example\", \"*.b.example\"")).size(), 2U);
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"example\", \"*\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"a.example\"", "\"*.a.example\", \"*\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"mx:*.example\"", "\"mx:mx.example\"")).size(), 1U);
  EXPECT_EQ(doubts_of(destinations("\"*.example\"", "\"mx:mx.example\"")).size(), 0U);
  EXPECT_EQ(doubts_of(destinations("\"mx:*.example\"", "\"mx.example\"")).size(), 0U);
}

TEST(ConfigDoubts, ARouteAfterAWiderOneIsNeverUsed) {
  const auto routes = [](const std::string& first, const std::string& second) {
    return kGood + "[[route]]\nvia = \"mx\"\n" + first + "[[route]]\nvia = \"mx\"\n" + second;
  };
  const std::string shop = "senders = [\"@shop.example\"]\n";
  const std::string example = "recipients = [\"*.example\"]\n";
  EXPECT_EQ(doubts_of(routes("", "")),
            std::vector<std::string>{
                "signpost.toml:10:7: route: is never used: the one in line 7 comes first and takes "
                "all of its mail; put this table before that one"});
  EXPECT_EQ(doubts_of(routes("", shop)).size(), 1U);
  EXPECT_EQ(doubts_of(routes(shop, "senders = [\"a@shop.example\"]\n")).size(), 1U);
  EXPECT_EQ(doubts_of(routes(example, shop + "recipients = [\"a.example\"]\n")).size(), 1U);
  EXPECT_EQ(doubts_of(routes(shop, "")).size(), 0U);
  EXPECT_EQ(doubts_of(routes(shop, example)).size(), 0U);
  EXPECT_EQ(doubts_of(routes(example, "")).size(), 0U);
  EXPECT_EQ(doubts_of(routes(shop, "senders = [\"a@below.shop.example\"]\n")).size(), 0U);
}

TEST(ConfigDoubts, ARouteAfterSeveralThatTogetherTakeItsMailIsNeverUsed) {
  const auto route = [](const std::string& keys) { return "[[route]]\nvia = \"mx\"\n" + keys; };
  const std::string a = route("recipients = [\"a.test\"]\n");
  const std::string b =
      route("recipients = [\"*.test\", \"b.test\"]\nsenders = [\"@shop.example\"]\n");
  const std::string both = "recipients = [\"b.test\", \"a.test\"]\n";
  EXPECT_EQ(doubts_of(kGood + a + b + route(both + "senders = [\"shop@shop.example\"]\n")),
            std::vector<std::string>{
                "signpost.toml:15:7: route: is never used: those in lines 7 and 10 come first and "
                "together take all of its mail; put this table before them"});
  EXPECT_EQ(doubts_of(kGood + a + b + route(both)).size(), 0U);
  EXPECT_EQ(doubts_of(kGood + a + route(both)).size(), 0U);
  EXPECT_EQ(doubts_of(kGood + a + b + route("")).size(), 0U);
}

TEST(ConfigDoubts, AScheduleWithOnlyMistakesIsRefused) {
  for (const std::string wait : {"5 minutes", "10d", "0s", ""}) {
    const auto loaded =
        parse_config(kGood + "[retry]\nschedule = [\"" + wait + "\"]\n", "signpost.toml");
    EXPECT_FALSE(loaded.errors.empty()) << wait;
  }
}

TEST(ConfigDoubts, WaitsBeyondTheExpiryOfMailAreNamed) {
  const auto retry = [](const std::string& keys) { return doubts_of(kGood + "[retry]\n" + keys); };
  EXPECT_EQ(retry("schedule = [\"1m\", \"30m\", \"1h\"]\nexpire = \"1h\"\n"),
            std::vector<std::string>{
                "signpost.toml:8:12: retry.schedule: has no effect from 1h on: retry.expire, 1h, "
                "comes first; write a longer expire, or leave out the rest"});
  EXPECT_EQ(
      retry("schedule = [\"2h\"]\nexpire = \"1h\"\n"),
      std::vector<std::string>{
          "signpost.toml:8:12: retry.schedule: no message is tried twice: the first wait is "
          "2h, longer than retry.expire, 1h; write a longer expire, or a shorter first wait"});
  EXPECT_EQ(retry("expire = \"30s\"\n").size(), 1U);
  EXPECT_EQ(retry("expire = \"1h\"\n").size(), 0U) << "the default schedule is cut off silently";
  EXPECT_EQ(retry("schedule = [\"20m\", \"40m\"]\nexpire = \"1h\"\n").size(), 0U);
  EXPECT_EQ(retry("schedule = [\"1s\"]\n").size(), 0U) << "the last one repeats";
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"4h\"\n"),
            std::vector<std::string>{
                "signpost.toml:9:16: retry.delay_notice: is never sent: mail is given up at "
                "retry.expire, 4h; write \"0s\" for none, or a shorter time"});
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"239m\"\n").size(), 0U);
  EXPECT_EQ(retry("expire = \"4h\"\ndelay_notice = \"0s\"\n").size(), 0U);
  EXPECT_EQ(retry("expire = \"4h\"\n").size(), 0U) << "nobody asked for a notice";
}

TEST(ConfigRules, PasswordsInClearAreRefusedOffLoopback) {
  const std::string auth = "[auth]\nusers = \"u\"\n";
  for (const char* mode : {"required", "optional"}) {
    EXPECT_EQ(errors_of(listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nauth = \"" +
                                 std::string(mode) + "\"\n" + auth)),
              std::vector<std::string>{
                  "signpost.toml:4:8: listener.mode: \"plain\" would carry passwords in clear; "
                  "write \"starttls\", or auth = \"off\" with trusted_networks, or bind to a "
                  "loopback address, or name the load balancers that end TLS in "
                  "proxy_protocol_from"});
  }
  for (const char* bind : {"127.0.0.1:25", "[::1]:25"}) {
    config_of(listener("bind = \"" + std::string(bind) + "\"\nmode = \"plain\"\n" + auth));
  }
}

// AUTH is offered to those whose TLS a balancer has ended, and to nobody else.
TEST(ConfigRules, BehindALoadBalancerThatEndsTlsAListenerMayBePlain) {
  config_of(
      listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nproxy_protocol_from = "
               "[\"192.0.2.9\"]\n[auth]\nusers = \"u\"\n"));
}

TEST(ConfigRules, LoadBalancersMayNotBeHalfTheInternet) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\n"
                               "proxy_protocol_from = [\"192.0.0.0/7\"]\n")),
            std::vector<std::string>{
                "signpost.toml:7:23: listener.proxy_protocol_from: together these cover more of "
                "the Internet than a /8 (IPv6: a /16) does, and anyone there could claim any "
                "address; write the addresses of the load balancers"});
}

// A front end that has checked the passwords sends none.
TEST(ConfigRules, BehindAFrontEndThatChecksPasswordsAListenerMayBePlain) {
  config_of(
      listener("bind = \"192.0.2.1:25\"\nmode = \"plain\"\nlogin_in_clear = \"never\"\n"
               "xclient_from = [\"192.0.2.9\"]\nxclient_logins = true\n[auth]\nusers = \"u\"\n"));
}

TEST(ConfigRules, FrontEndsMayNotBeHalfTheInternet) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\n"
                               "xclient_from = [\"192.0.0.0/7\"]\n")),
            std::vector<std::string>{
                "signpost.toml:7:16: listener.xclient_from: together these cover more of the "
                "Internet than a /8 (IPv6: a /16) does, and anyone there could claim any address; "
                "write the addresses of the front ends"});
}

TEST(ConfigRules, LoginsOfFrontEndsNeedFrontEnds) {
  EXPECT_EQ(errors_of(listener("bind = \"127.0.0.1:25\"\nmode = \"plain\"\nauth = \"off\"\n"
                               "trusted_networks = [\"127.0.0.1\"]\nxclient_logins = true\n")),
            std::vector<std::string>{
                "signpost.toml:7:18: listener.xclient_logins: has no meaning without front ends; "
                "write their addresses in xclient_from"});
}

TEST(ConfigRules, ListenerNeedsWhatItUses) {
  EXPECT_EQ(errors_of(listener("bind = \"0.0.0.0:587\"\n")),
            (std::vector<std::string>{
                "signpost.toml:2:1: listener.mode: \"starttls\" needs a certificate; write [tls] "
                "with certificate and key",
                "signpost.toml:2:1: listener.auth: \"required\" needs logins; write [auth] with "
                "users"}));
  EXPECT_EQ(errors_of(listener("bind = \"0.0.0.0:465\"\nmode = \"implicit\"\nauth = \"off\"\n"
                               "trusted_networks = [\"10.0.0.0/8\"]\n")),
            std::vector<std::string>{
                "signpost.toml:4:8: listener.mode: \"implicit\" needs a certificate; write [tls] "
                "with certificate and key"});
}

TEST(ConfigRules, DuplicatesAreReported) {
  const std::string dkim = "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n";
  expect_errors({
      {"[[listener]]\nbind = \"127.0.0.1:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
       "trusted_networks = [\"10.0.0.0/8\"]\n",
       "8:8: listener.bind: 127.0.0.1:2525 is a duplicate of line 3"},
      {dkim + dkim, "14:12: dkim.selector: s1._domainkey.a.example is a duplicate of line 10"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"a.example\"]\n"
       "[[tenant]]\nname = \"b\"\ndomains = [\"b.example\", \"A.example\"]\n",
       "12:11: tenant.domains: \"a.example\" is a duplicate of line 9"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"a.example\"]\n"
       "[[tenant]]\nname = \"a\"\ndomains = [\"b.example\"]\n",
       "11:8: tenant.name: \"a\" is a duplicate of line 8"},
      {"[[tenant]]\nname = \"a\"\n",
       "7:1: tenant.domains: missing; write domains, as in [\"shop.example\", "
       "\"*.shop.example\"], or domains_file"},
      {"[[tenant]]\nname = \"a\"\ndomains = []\n",
       "9:11: tenant.domains: the list is empty; write domains, as in [\"shop.example\", "
       "\"*.shop.example\"], or domains_file"},
      {"[[tenant]]\nname = \"a\"\ndomains_file = \"a\"\nnetworks = [\"10.1.0.0/16\"]\n"
       "[[tenant]]\nname = \"b\"\ndomains_file = \"b\"\nnetworks = [\"10.1.0.0/16\"]\n",
       "14:12: tenant.networks: 10.1.0.0/16 is a duplicate of line 10"},
      {"[[tenant]]\nname = \"a\"\ndomains = [\"*\"]\n",
       "9:12: tenant.domains: \"*\" would be every domain; write domains, as in "
       "[\"shop.example\", \"*.shop.example\"]"},
      {"[[destination]]\nmatch = [\"a.example\"]\n[[destination]]\nmatch = [\"A.example\"]\n",
       "10:9: destination.match: \"a.example\" is a duplicate of line 8"},
      {"[admin]\nbind = \"127.0.0.1:2525\"\n",
       "8:8: admin.bind: 127.0.0.1:2525 is the address of a listener; write another port"},
      {"[[listener]]\nbind = \"0.0.0.0:2525\"\nmode = \"plain\"\nauth = \"off\"\n"
       "trusted_networks = [\"127.0.0.0/8\"]\n",
       "3:8: listener.bind: 127.0.0.1:2525 is an address of the listener 0.0.0.0:2525; write "
       "another port"},
  });
}

TEST(ConfigRules, SeveralKeysOfOneDomainAreFine) {
  const auto config = config_of(kGood +
                                "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = \"s1\"\n"
                                "[[dkim]]\nkey = \"k\"\ndomain = \"a.example\"\nselector = "
                                "\"s2\"\n");
  EXPECT_EQ(config->dkim.size(), 2u);
}

TEST(ConfigRules, AdminOffLoopbackNeedsAToken) {
  expect_errors({{"[admin]\nbind = \"0.0.0.0:8025\"\n",
                  "8:8: admin.bind: 0.0.0.0:8025 can be reached from outside; write token_file, or "
                  "bind to a loopback address"}});
  config_of(kGood + "[admin]\nbind = \"0.0.0.0:8025\"\ntoken_file = \"t\"\n");
  EXPECT_FALSE(config_of(kGood + "[admin]\nbind = \"\"\n")->admin_bind);
}

TEST(ConfigRules, TheAdminSocketIsInTheFolderOfTheQueue) {
  EXPECT_EQ(config_of("data_dir = \"queue\"\n" + kGood)->admin_socket,
            "/etc/signpost/queue/admin.sock");
}

TEST(ConfigRules, MetricsThatNeedATokenRequireOne) {
  expect_errors({{"[admin]\nmetrics = \"token\"\n",
                  "8:11: admin.metrics: \"token\" without a token would refuse everyone; write "
                  "token_file, or \"open\""}});
  const auto config = config_of(kGood + "[admin]\nmetrics = \"token\"\ntoken_file = \"t\"\n");
  EXPECT_EQ(config->admin_metrics, MetricsAccess::Token);
}

// --- sources and pools ---

const std::string kSources =
    "[[source]]\naddress = [\"192.0.2.1\"]\n[[source]]\naddress = [\"192.0.2.2\"]\n";

TEST(ConfigRules, ASourceIsOneAddressOfAFamily) {
  EXPECT_EQ(errors_of(kGood + "[[source]]\naddress = [\"192.0.2.1\", \"192.0.2.2\"]\n"),
            std::vector<std::string>{
                "signpost.toml:8:11: source.address: has several addresses of a family; write a "
                "[[source]] table for each IPv4 address"});
  EXPECT_EQ(errors_of(kGood + kSources + "[[source]]\naddress = [\"192.0.2.2\"]\n"),
            std::vector<std::string>{
                "signpost.toml:12:11: source.address: 192.0.2.2 is a duplicate of line 10"});
}

TEST(ConfigRules, ASourceOfNoPoolIsDoubtful) {
  EXPECT_EQ(doubts_of(kGood + kSources + "[[pool]]\nname = \"a\"\nsources = [\"192.0.2.1\"]\n"),
            std::vector<std::string>{
                "signpost.toml:10:11: source.address: sends nothing: no [[pool]] has "
                "\"192.0.2.2\"; write it into sources there"});
}

TEST(ConfigRules, WarmUpHasAFirstDay) {
  const std::string source = kGood + "[[source]]\naddress = [\"192.0.2.1\"]\n";
  EXPECT_EQ(
      errors_of(source + "warm_up_daily = 10\n"),
      std::vector<std::string>{
          "signpost.toml:9:17: source.warm_up_daily: has no effect without warm_up; write its "
          "first day there, or leave it out"});
  for (const auto* day : {"2026-12-1", "2026-02-30", "01.12.2026", "2026-12-01T00:00:00Z", ""}) {
    const auto errors = errors_of(source + "warm_up = \"" + day + "\"\n");
    ASSERT_EQ(errors.size(), 1u) << day;
    EXPECT_TRUE(errors[0].ends_with("is not a day; write a day, as in \"2026-12-01\""))
        << errors[0];
  }
}

TEST(ConfigRules, APoolNamesSourcesAndTenantsThatThereAre) {
  const std::string pool = "[[pool]]\nname = \"a\"\n";
  EXPECT_EQ(errors_of(kGood + kSources + pool + "sources = [\"192.0.2.1\", \"192.0.2.3\"]\n"),
            std::vector<std::string>{
                "signpost.toml:13:11: pool.sources: 192.0.2.3 is not the first address of a "
                "[[source]]; write address = [\"192.0.2.3\"] in a table of its own"});
  EXPECT_EQ(
      errors_of(kGood + kSources + pool + "sources = [\"192.0.2.1\"]\ntenants = [\"acme\"]\n"),
      std::vector<std::string>{"signpost.toml:14:11: pool.tenants: there is no tenant \"acme\""});
  EXPECT_EQ(errors_of(kGood + kSources + pool + "sources = [\"192.0.2.1\"]\n[[pool]]\nname = " +
                      "\"b\"\nsources = [\"192.0.2.2\"]\n"),
            std::vector<std::string>{
                "signpost.toml:15:8: pool: is never used: the pool \"a\" comes first and takes all "
                "mail; write senders, logins or tenants there, or put it last"});
}

}  // namespace
}  // namespace signpost::config
