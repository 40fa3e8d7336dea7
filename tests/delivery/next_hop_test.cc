#include "delivery/next_hop.h"

#include "config/next_hop_url.h"
#include "providers/providers.h"
#include "relay/redirect.h"
#include "relay/route.h"
#include "smtp/address.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::delivery {
namespace {

config::RouteConfig route(std::vector<std::string> recipients, std::vector<std::string> senders,
                          std::string host, std::uint16_t port = 25) {
  config::RouteConfig config;
  config.recipients = std::move(recipients);
  config.senders = std::move(senders);
  config.via = host + ":" + std::to_string(port);
  config.mx = host == "mx";
  if (!config.mx) {
    config::HopConfig& hop = config.hops.emplace_back();
    hop.name = config.via;
    hop.host = std::move(host);
    hop.port = port;
  }
  return config;
}

// Of a job as it is stored with this configuration.
Result<RoutePlan> plan(const config::Config& config, std::string_view sender,
                       std::string_view domain) {
  return plan_route(config, relay::lane_of(config, "", *smtp::parse_reverse_path(sender, true),
                                           std::string(domain)));
}

dns::MxAnswer exchangers(std::vector<dns::MxHost> hosts) {
  dns::MxAnswer answer;
  answer.outcome = dns::MxAnswer::Outcome::Hosts;
  answer.hosts = std::move(hosts);
  return answer;
}

// Where it goes: the key of a route, or the domain whose exchangers are to be looked up.
std::string place(const config::Config& config, std::string_view sender, std::string_view domain) {
  const auto found = plan(config, sender, domain);
  if (!found) return "error: " + found.error().detail;
  return found->domain.empty() ? found->hop.key : "mx:" + found->domain;
}

// "hoster" has the hosts below hoster.example.
const providers::Providers& known_providers() {
  constexpr std::string_view kText = R"(
version = 1
edition = "2026-11-30"

[[provider]]
name = "hoster"
mx = ["*.hoster.example"]
connections = 4
messages_per_connection = 20
recipients_per_transaction = 50
rate = "60/min"
)";
  std::vector<config::ConfigError> errors;
  static const auto known = providers::Providers::parse(kText, "providers.toml", errors);
  return *known;
}

std::expected<NextHop, Disposition> hop_of(const config::Config& config, const RoutePlan& plan,
                                           std::vector<dns::MxHost> hosts) {
  config::Config named = config;
  named.hostname = "relay.example";
  return at_exchangers(named, known_providers(), plan, exchangers(std::move(hosts)));
}

std::string key(const config::Config& config, const RoutePlan& plan,
                std::vector<dns::MxHost> hosts) {
  const auto hop = hop_of(config, plan, std::move(hosts));
  return hop ? hop->key : "error: " + hop.error().reply.text;
}

TEST(PlanRoute, AsksForTheMxHostsOfTheDomainByDefault) {
  const config::Config config;
  const auto found = plan(config, "a@shop.example", "Example.NET");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->hop.mx);
  EXPECT_EQ(found->domain, "example.net");
  EXPECT_EQ(found->hop.port, 25);
}

TEST(PlanRoute, UnicodeAndAsciiFormsOfADomainAreOnePlace) {
  const config::Config config;
  EXPECT_EQ(place(config, "", "bücher.example"), "mx:xn--bcher-kva.example");
  EXPECT_EQ(place(config, "", "xn--bcher-kva.example"), "mx:xn--bcher-kva.example");
}

TEST(PlanRoute, AddressLiteralsAreServedOnlyWhereTheConfigurationSaysSo) {
  config::Config config;
  EXPECT_TRUE(place(config, "", "[192.0.2.1]").starts_with("error: ")) << "neither key nor route";
  config.routes = {route({"*"}, {}, "smarthost.example")};
  EXPECT_EQ(place(config, "", "[192.0.2.1]"), "smtp:smarthost.example:25");
}

TEST(PlanRoute, AnAddressLiteralIsTheHostItself) {
  config::Config config;
  config.delivery.address_literals = true;
  auto found = plan(config, "", "[192.0.2.1]");
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->hop.mx);
  EXPECT_EQ(found->domain, "") << "nothing to look up";
  EXPECT_EQ(found->hop.hosts, (std::vector<NextHop::Host>{{"192.0.2.1", 0}}));
  found = plan(config, "", "[IPv6:2001:db8::1]");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hop.hosts, (std::vector<NextHop::Host>{{"2001:db8::1", 0}}));
}

TEST(PlanRoute, WhatIsNotADomainIsAnError) {
  const config::Config config;
  EXPECT_FALSE(plan(config, "", "a..example"));
  EXPECT_FALSE(plan(config, "", ""));
  EXPECT_FALSE(plan(config, "", std::string(64, 'a') + ".example"));
}

TEST(PlanRoute, TheFirstRouteThatMatchesWins) {
  config::Config config;
  config.routes = {route({"special.example"}, {"@tenant.example"}, "10.0.0.1"),
                   route({"special.example"}, {}, "mx"), route({}, {}, "10.0.0.2", 2525)};
  EXPECT_EQ(place(config, "x@tenant.example", "special.example"), "smtp:10.0.0.1:25");
  EXPECT_EQ(place(config, "x@other.example", "special.example"), "mx:special.example");
  EXPECT_EQ(place(config, "x@other.example", "else.example"), "smtp:10.0.0.2:2525");
}

config::HopConfig hop(std::string_view url, std::uint32_t weight = 1) {
  config::HopConfig made = *config::parse_next_hop(url);
  made.weight = weight;
  return made;
}

TEST(PlanRoute, MailThatIsRedirectedToItsMxHostsNeedsNoRoute) {
  config::Config config;
  config.routes = {route({"a.example"}, {}, "10.0.0.1")};
  const auto redirected = [&](std::string_view via) {
    return plan_route(config, {"a.example", "shop", relay::redirection_to(via)});
  };
  ASSERT_TRUE(redirected(relay::kViaMx));
  EXPECT_EQ(redirected(relay::kViaMx)->domain, "a.example");
  EXPECT_FALSE(redirected("10.0.0.2:25"));
  EXPECT_FALSE(plan_route(config, {"a.example", "shop", "mx"})) << "a sender's route that is gone";
}

TEST(PlanRoute, AKeyNamesTheNextHopsWithoutTheirSecrets) {
  config::Config config;
  config::RouteConfig& route = config.routes.emplace_back();
  route.via = "x";
  const auto key = [&](std::vector<config::HopConfig> hops) {
    route.hops = std::move(hops);
    return place(config, "", "a.example");
  };
  EXPECT_EQ(key({hop("smtps://a.example")}), "smtps:a.example:465");
  EXPECT_EQ(key({hop("lmtp://127.0.0.1")}), "lmtp:127.0.0.1:24");
  EXPECT_EQ(key({hop("lmtp:unix:/run/x")}), "lmtp:unix:/run/x");
  const std::string login = key({hop("smtp://shop:hunter2@a.example:587")});
  EXPECT_TRUE(login.starts_with("smtp:a.example:587 login=")) << login;
  EXPECT_FALSE(login.contains("shop") || login.contains("hunter2")) << login;
  EXPECT_NE(login, key({hop("smtp://other:hunter2@a.example:587")}));
  EXPECT_EQ(key({hop("smtp://a.example", 3), hop("smtp://b.example", 0), hop("smtp://c.example")}),
            "smtp:a.example:25*3,smtp:b.example:25*0,smtp:c.example:25");
}

TEST(PlanRoute, EachNextHopHasItsPolicyAndItsLogin) {
  config::Config config;
  config::RouteConfig& route = config.routes.emplace_back();
  route.via = "x";
  route.token_file = "/token";
  route.hops = {hop("smtps://shop@a.example"), hop("smtp://b.example:26"), hop("lmtp:unix:/run/x")};
  const auto found = plan(config, "", "a.example");
  ASSERT_TRUE(found);
  const std::vector<RouteHop>& via = found->hop.via;
  ASSERT_EQ(via.size(), 3U);
  EXPECT_TRUE(via[0].is_tls_implicit());
  EXPECT_EQ(via[0].tls, config::TlsPolicy::Encrypt);
  EXPECT_EQ(via[0].token_file, "/token");
  EXPECT_EQ(via[1].tls, config::TlsPolicy::Opportunistic);
  EXPECT_EQ(via[1].to.port, 26);
  EXPECT_EQ(via[1].token_file, "") << "no login, no token";
  EXPECT_TRUE(via[2].is_lmtp());
  EXPECT_EQ(via[2].tls, config::TlsPolicy::Off);
  EXPECT_EQ(found->hop.hosts.size(), 3U);
  EXPECT_FALSE(found->hop.mx);
}

TEST(PlanRoute, SenderPatternsAreDomainsOrAddresses) {
  config::Config config;
  config.routes = {route({}, {"boss@shop.example"}, "10.0.0.1"),
                   route({}, {"@news.example"}, "10.0.0.2")};
  EXPECT_EQ(place(config, "BOSS@shop.example", "a.example"), "smtp:10.0.0.1:25");
  EXPECT_EQ(place(config, "bossa@shop.example", "a.example"), "mx:a.example");
  EXPECT_EQ(place(config, "x@NEWS.example", "a.example"), "smtp:10.0.0.2:25");
  EXPECT_EQ(place(config, "x@sub.news.example", "a.example"), "mx:a.example");
  EXPECT_EQ(place(config, "", "a.example"), "mx:a.example");
}

NextHop limits(const config::Config& config, std::string_view domain, std::string exchanger) {
  return *hop_of(config, *plan(config, "", domain), {{10, std::move(exchanger)}});
}

config::DestinationConfig destination(std::vector<std::string> match,
                                      std::optional<std::size_t> connections) {
  config::DestinationConfig table;
  table.match = std::move(match);
  table.connections = connections;
  return table;
}

TEST(Limits, ComeFromTheFirstDestinationThatMatches) {
  config::Config config;
  config::DestinationConfig special = destination({"*.example"}, 3);
  special.rate = config::Rate{600, std::chrono::minutes(1)};
  special.tls = config::TlsPolicy::Verify;
  config::DestinationConfig rest = destination({"*"}, 7);
  rest.messages_per_connection = 5;
  config.destinations = {special, rest};
  const NextHop narrow = limits(config, "a.example", "mx.test");
  const NextHop wide = limits(config, "a.test", "mx.test");
  EXPECT_EQ(narrow.connections, 3u);
  EXPECT_EQ(narrow.rate, special.rate);
  EXPECT_EQ(narrow.tls, config::TlsPolicy::Verify);
  EXPECT_EQ(wide.connections, 7u);
  EXPECT_EQ(wide.rate, std::nullopt);
  EXPECT_EQ(wide.messages_per_connection, 5u);
  EXPECT_EQ(wide.tls, config::TlsPolicy::Opportunistic);
}

TEST(Limits, ATableMayTurnDaneOffForItsDomains) {
  config::Config config;
  config::DestinationConfig broken = destination({"a.example"}, {});
  broken.dane = false;
  config.destinations = {broken};
  EXPECT_FALSE(limits(config, "a.example", "mx.test").dane);
  EXPECT_TRUE(limits(config, "b.example", "mx.test").dane);
  EXPECT_NE(limits(config, "a.example", "mx.test").key, limits(config, "b.example", "mx.test").key)
      << "they would share connections";
  config.delivery.dane = false;
  broken.dane = true;
  config.destinations = {broken};
  EXPECT_TRUE(limits(config, "a.example", "mx.test").dane);
  EXPECT_FALSE(limits(config, "b.example", "mx.test").dane);
}

TEST(Limits, AHopKnowsTheTableThatSinglesItOut) {
  config::Config config;
  config::DestinationConfig verified = destination({"*.example", "a.test"}, 3);
  verified.tls = config::TlsPolicy::Verify;
  config.destinations = {verified, destination({"mx:*.big.example"}, 2), destination({"*"}, 7)};
  EXPECT_EQ(table_of(limits(config, "a.example", "mx.test")), "*.example");
  EXPECT_EQ(table_of(limits(config, "a.test", "mx.test")), "*.example");
  EXPECT_EQ(table_of(limits(config, "b.test", "mx.big.example")), "");
  EXPECT_EQ(table_of(limits(config, "b.test", "mx.test")), "");
}

TEST(Limits, OfARouteComeFromTheDestinationToo) {
  config::Config config;
  config.routes = {route({"a.example"}, {}, "10.0.0.1")};
  config.destinations = {destination({"mx:*"}, 2), destination({"a.example"}, 3)};
  const auto found = plan(config, "", "a.example");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hop.connections, 3u) << "no MX host is involved";
  EXPECT_EQ(found->hop.group, "");
}

TEST(Limits, OfAProviderHoldForAllOfItsHostsTogether) {
  const config::Config config;
  const NextHop hop = limits(config, "a.example", "mx7.hoster.example");
  EXPECT_EQ(hop.group, "hoster");
  EXPECT_EQ(hop.connections, 4u);
  EXPECT_EQ(hop.messages_per_connection, 20u);
  EXPECT_EQ(hop.recipients_per_transaction, 50u);
  EXPECT_EQ(hop.rate, (config::Rate{60, std::chrono::minutes(1)}));
  EXPECT_EQ(limits(config, "b.example", "mx9.hoster.example").group, "hoster");
  EXPECT_EQ(limits(config, "b.example", "mx.other.example").group, "");
}

TEST(Limits, TheFirstHostDecidesWhoseTheyAre) {
  const config::Config config;
  const auto hop = hop_of(config, *plan(config, "", "a.example"),
                          {{10, "mx.own.example"}, {20, "backup.hoster.example"}});
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->group, "mx:backup.hoster.example,mx.own.example");
  EXPECT_EQ(hop->connections, 10u);
}

TEST(Limits, HoldForASetOfHostsInWhateverOrder) {
  config::Config config;
  config.destinations = {destination({"single.example"}, 3)};
  const auto group = [&](std::string_view domain, std::vector<dns::MxHost> hosts) {
    const auto hop = hop_of(config, *plan(config, "", std::string(domain)), std::move(hosts));
    return hop ? hop->group : "none";
  };
  const std::string set = "mx:mx1.example,mx2.example";
  EXPECT_EQ(group("a.test", {{10, "mx1.example"}, {20, "mx2.example"}}), set);
  EXPECT_EQ(group("b.test", {{20, "mx1.example"}, {10, "mx2.example"}}), set);
  EXPECT_EQ(group("c.test", {{10, "mx2.example"}, {10, "mx1.example"}}), set);
  EXPECT_EQ(group("d.test", {{10, "mx1.example"}}), "");
  EXPECT_EQ(group("single.example", {{10, "mx2.example"}, {20, "mx1.example"}}),
            set + " [single.example]");
}

TEST(Limits, ATableThatLimitsADomainTakesItOutOfItsProvider) {
  config::Config config;
  config.destinations = {destination({"a.example"}, 9)};
  const NextHop hop = limits(config, "a.example", "mx7.hoster.example");
  EXPECT_EQ(hop.group, "");
  EXPECT_EQ(hop.connections, 9u);
  EXPECT_EQ(hop.messages_per_connection, 20u) << "it says nothing of that";
  EXPECT_EQ(limits(config, "b.example", "mx7.hoster.example").group, "hoster");
}

TEST(Limits, ATableThatSetsNoLimitsLeavesItThere) {
  config::Config config;
  config.destinations = {destination({"a.example"}, std::nullopt)};
  config.destinations[0].tls = config::TlsPolicy::Encrypt;
  const NextHop hop = limits(config, "a.example", "mx7.hoster.example");
  EXPECT_EQ(hop.group, "hoster");
  EXPECT_EQ(hop.connections, 4u);
  EXPECT_EQ(hop.tls, config::TlsPolicy::Encrypt);
}

TEST(Limits, ATableOfMxHostsLimitsThemTogether) {
  config::Config config;
  config.destinations = {destination({"mx:*.hoster.example", "mx:mx.friend.example"}, 2)};
  const NextHop one = limits(config, "a.example", "mx7.hoster.example");
  EXPECT_EQ(one.group, "mx:*.hoster.example");
  EXPECT_EQ(one.connections, 2u);
  EXPECT_EQ(one.rate, (config::Rate{60, std::chrono::minutes(1)})) << "the provider's";
  EXPECT_EQ(limits(config, "b.example", "mx.friend.example").group, one.group);
  EXPECT_EQ(limits(config, "c.example", "hoster.example").group, "");
  EXPECT_EQ(one.key, "mx:mx7.hoster.example") << "the same connections as without the table";
}

TEST(Limits, AStarIsForThoseOfWhomNothingBetterIsKnown) {
  config::Config config;
  config.destinations = {destination({"*"}, 50)};
  EXPECT_EQ(limits(config, "a.example", "mx.other.example").connections, 50u);
  EXPECT_EQ(limits(config, "a.example", "mx7.hoster.example").connections, 4u);
  EXPECT_EQ(limits(config, "a.example", "mx7.hoster.example").group, "hoster");
}

TEST(AtExchangers, DomainsWithTheSameExchangersShareOneKey) {
  const config::Config config;
  const auto one = plan(config, "", "a.example");
  const auto other = plan(config, "", "b.example");
  ASSERT_TRUE(one && other);
  const std::string both = key(config, *one, {{10, "mx1.example"}, {10, "mx2.example"}});
  EXPECT_EQ(both, "mx:mx1.example,mx2.example");
  EXPECT_EQ(key(config, *other, {{5, "mx2.example"}, {5, "mx1.example"}}), both)
      << "neither the order nor the preference value distinguishes them";
  EXPECT_NE(key(config, *other, {{5, "mx1.example"}, {10, "mx2.example"}}), both) << "a rank does";
  EXPECT_NE(key(config, *other, {{10, "mx1.example"}}), both);
}

TEST(AtExchangers, HostsOfOnePreferenceHaveOneRank) {
  const config::Config config;
  const auto hop = hop_of(config, *plan(config, "", "a.example"),
                          {{20, "c.example"}, {10, "b.example"}, {10, "a.example"}});
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->hosts,
            (std::vector<NextHop::Host>{{"a.example", 0}, {"b.example", 0}, {"c.example", 1}}));
}

TEST(AtExchangers, DomainsOfADestinationHaveTheirOwnKey) {
  config::Config config;
  config.destinations = {destination({"slow.example"}, 1), destination({"*"}, std::nullopt)};
  const std::vector<dns::MxHost> hosts = {{10, "mx.example"}};
  const std::string common = key(config, *plan(config, "", "a.example"), hosts);
  EXPECT_EQ(common, "mx:mx.example") << "\"*\" is everybody: it singles out nothing";
  EXPECT_NE(key(config, *plan(config, "", "slow.example"), hosts), common);
}

TEST(AtExchangers, MailWithAnotherTlsPolicyNeverSharesAConnection) {
  config::Config config;
  config.routes = {route({"safe.example"}, {}, "mx")};
  config.routes[0].tls = config::TlsPolicy::Verify;
  const std::vector<dns::MxHost> hosts = {{10, "mx.example"}};
  EXPECT_NE(key(config, *plan(config, "", "safe.example"), hosts),
            key(config, *plan(config, "", "a.example"), hosts));
}

TEST(AtExchangers, LessPreferredHostsThanThisRelayAreLeftOut) {
  const config::Config config;
  const RoutePlan mine = *plan(config, "", "a.example");
  EXPECT_EQ(key(config, mine, {{10, "mx.example"}, {20, "relay.example"}, {30, "late.example"}}),
            "mx:mx.example");
  const auto loop = hop_of(config, mine, {{10, "relay.example"}});
  ASSERT_FALSE(loop);
  EXPECT_EQ(loop.error().outcome, Outcome::Failed);
  EXPECT_EQ(loop.error().reply.status, (smtp::EnhancedStatus{5, 4, 6}));
}

TEST(AtExchangers, AnAnswerWithoutHostsSaysWhy) {
  const config::Config config;
  dns::MxAnswer answer;
  answer.outcome = dns::MxAnswer::Outcome::Temporary;
  const auto later =
      at_exchangers(config, known_providers(), *plan(config, "", "a.example"), answer);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().outcome, Outcome::Delayed);
  answer.outcome = dns::MxAnswer::Outcome::NxDomain;
  const auto never =
      at_exchangers(config, known_providers(), *plan(config, "", "a.example"), answer);
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().outcome, Outcome::Failed);
}

TEST(AtExchangers, ADomainThatIsItsOwnExchangerIsMarked) {
  const config::Config config;
  dns::MxAnswer answer = exchangers({{0, "a.example"}});
  answer.implicit = true;
  const auto hop = at_exchangers(config, known_providers(), *plan(config, "", "a.example"), answer);
  ASSERT_TRUE(hop);
  EXPECT_TRUE(hop->implicit);
}

// --- sources ---

TEST(Sources, MailOfNoPoolGoesFromTheOneOfTheConfiguration) {
  config::Config config;
  const auto none = hop_of(config, {.hop = {}, .domain = "a.example", .tls = {}, .pool = ""},
                           {{10, "mx.a.example"}});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->sources, std::vector<Source>(1)) << "the system chooses";
  config.delivery.source = {*net::IpAddress::parse("192.0.2.1"),
                            *net::IpAddress::parse("2001:db8::1")};
  const auto named = hop_of(config, {.hop = {}, .domain = "a.example", .tls = {}, .pool = ""},
                            {{10, "mx.a.example"}});
  ASSERT_TRUE(named);
  ASSERT_EQ(named->sources.size(), 1u);
  EXPECT_EQ(named->sources[0].v4, config.delivery.source[0]);
  EXPECT_EQ(named->sources[0].v6, config.delivery.source[1]);
  EXPECT_EQ(named->key, none->key);
}

TEST(Sources, MailOfAPoolIsASiteOfItsOwn) {
  config::Config config;
  for (const auto* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    config.sources.emplace_back().addresses = {*net::IpAddress::parse(address)};
  }
  config.sources[0].hostname = "out1.example";
  config.sources[1].warm_up = std::chrono::sys_days(std::chrono::days(20'000));
  config::PoolConfig& pool = config.pools.emplace_back();
  pool.name = "letters";
  pool.senders = {"@shop.example"};
  pool.sources = {*net::IpAddress::parse("192.0.2.2"), *net::IpAddress::parse("192.0.2.1")};
  const auto planned = plan(config, "a@shop.example", "a.example");
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->pool, "letters");
  const auto hop = hop_of(config, *planned, {{10, "mx.a.example"}});
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->key, "mx:mx.a.example from=192.0.2.1,192.0.2.2");
  EXPECT_EQ(receiver_of(*hop), "mx:mx.a.example");
  ASSERT_EQ(hop->sources.size(), 2u);
  EXPECT_EQ(hop->sources[0].hostname, "out1.example");
  EXPECT_FALSE(hop->sources[0].warm_up);
  EXPECT_EQ(hop->sources[1].warm_up,
            (WarmUp{.first = *config.sources[1].warm_up, .daily = 50, .days = 15}));
  const auto other = plan(config, "a@other.example", "a.example");
  ASSERT_TRUE(other);
  EXPECT_EQ(key(config, *other, {{10, "mx.a.example"}}), "mx:mx.a.example");
}

TEST(Sources, ARouteWithHopsOfItsOwnHasNoPool) {
  config::Config config;
  config.routes = {route({}, {}, "smarthost.example")};
  config.sources.emplace_back().addresses = {*net::IpAddress::parse("192.0.2.1")};
  config::PoolConfig& pool = config.pools.emplace_back();
  pool.name = "all";
  pool.sources = {*net::IpAddress::parse("192.0.2.1")};
  EXPECT_EQ(place(config, "", "a.example"), "smtp:smarthost.example:25");
}

mta_sts::Finding policy_of(mta_sts::Mode mode, std::vector<std::string> mx) {
  mta_sts::Finding finding;
  finding.policy = std::make_shared<const mta_sts::Policy>(mta_sts::Policy{
      .id = "1", .mode = mode, .mx = std::move(mx), .max_age = std::chrono::hours(24), .lines{}});
  return finding;
}

// To a.example, which has this policy.
NextHop bound_hop(const config::Config& config, std::vector<dns::MxHost> hosts,
                  const mta_sts::Finding& finding) {
  return at_exchangers(config, known_providers(), *plan(config, "", "a.example"),
                       exchangers(std::move(hosts)), finding)
      .value();
}

const std::vector<dns::MxHost> kTwoHosts{{10, "mx1.hoster.test"}, {10, "mx2.hoster.test"}};

TEST(PolicyOfADomain, BindsMailThatSharesLimitsWithOtherMailForTheHosts) {
  const config::Config config;
  const NextHop free = bound_hop(config, kTwoHosts, {});
  const NextHop bound =
      bound_hop(config, kTwoHosts, policy_of(mta_sts::Mode::Enforce, {"*.hoster.test"}));
  EXPECT_FALSE(free.enforces_policy);
  EXPECT_TRUE(bound.enforces_policy);
  EXPECT_EQ(bound.key, free.key + " sts");
  EXPECT_EQ(bound.group, free.group);
  EXPECT_TRUE(bound.hosts[0].in_policy && bound.hosts[1].in_policy);
}

TEST(PolicyOfADomain, KeepsDomainsApartThatNameDifferentHosts) {
  const NextHop hop = bound_hop(config::Config(), kTwoHosts,
                                policy_of(mta_sts::Mode::Enforce, {"mx2.hoster.test"}));
  EXPECT_FALSE(hop.hosts[0].in_policy);
  EXPECT_TRUE(hop.hosts[1].in_policy);
  EXPECT_TRUE(hop.key.ends_with(" sts,-mx1.hoster.test")) << hop.key;
}

TEST(PolicyOfADomain, BindsNothingUnlessItIsToBeEnforced) {
  for (const auto mode : {mta_sts::Mode::Testing, mta_sts::Mode::None}) {
    const NextHop hop =
        bound_hop(config::Config(), kTwoHosts, policy_of(mode, {"mx2.hoster.test"}));
    EXPECT_FALSE(hop.enforces_policy);
    EXPECT_TRUE(hop.hosts[0].in_policy);
  }
}

TEST(PolicyOfADomain, IsIgnoredWhereTheConfigurationSaysSo) {
  const auto policy = policy_of(mta_sts::Mode::Enforce, {"*.hoster.test"});
  config::Config nowhere;
  nowhere.delivery.mta_sts = false;
  EXPECT_FALSE(heeds_policies(nowhere));
  EXPECT_FALSE(bound_hop(nowhere, kTwoHosts, policy).enforces_policy);
  nowhere.destinations.emplace_back().match = {"a.example"};
  nowhere.destinations.back().mta_sts = true;
  EXPECT_TRUE(heeds_policies(nowhere));
  EXPECT_TRUE(bound_hop(nowhere, kTwoHosts, policy).enforces_policy);
  config::Config elsewhere;
  elsewhere.destinations.emplace_back().match = {"a.example"};
  elsewhere.destinations.back().mta_sts = false;
  EXPECT_FALSE(bound_hop(elsewhere, kTwoHosts, policy).enforces_policy);
  config::Config clear;
  clear.delivery.tls = config::TlsPolicy::Off;
  EXPECT_FALSE(bound_hop(clear, kTwoHosts, policy).enforces_policy);
}

}  // namespace
}  // namespace signpost::delivery
