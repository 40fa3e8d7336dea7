#include "delivery/next_hop.h"

#include "base/ascii.h"
#include "providers/limits_in_force.h"
#include "relay/redirect.h"
#include "relay/source_pool.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

constexpr std::string_view kTable = " [";     // before a pattern and "]", behind the hosts of a key
constexpr std::string_view kFrom = " from=";  // before the sources, at the end of a key

std::string_view tls_word(config::TlsPolicy policy) {
  switch (policy) {
    case config::TlsPolicy::Off:
      return "off";
    case config::TlsPolicy::Opportunistic:
      return "opportunistic";
    case config::TlsPolicy::Encrypt:
      return "encrypt";
    case config::TlsPolicy::Verify:
      return "verify";
  }
  return "";
}

void apply_limits(NextHop& hop, const providers::LimitsInForce& found) {
  const providers::Limits& limits = found.limits;
  hop.group = found.group;
  hop.connections = limits.connections.value_or(hop.connections);
  hop.messages_per_connection =
      limits.messages_per_connection.value_or(hop.messages_per_connection);
  hop.recipients_per_transaction =
      limits.recipients_per_transaction.value_or(hop.recipients_per_transaction);
  hop.rate = limits.rate;
}

// What distinguishes connections to the same hosts that must not carry each other's mail, or that
// are limited apart from each other.
std::string differences(const NextHop& hop, const config::Config& config,
                        const providers::LimitsInForce& found) {
  std::string text;
  if (found.is_singled_out() && !found.is_by_exchanger()) {
    text += fmt::format("{}{}]", kTable, found.table->match.front());
  }
  if (hop.tls != config.delivery.tls) text += fmt::format(" tls={}", tls_word(hop.tls));
  if (hop.dane != config.delivery.dane) text += hop.dane ? " dane=on" : " dane=off";
  std::string_view before = kFrom;
  for (const Source& source : hop.sources) {
    if (!source.name.empty()) text.append(std::exchange(before, ",")).append(source.name);
  }
  return text;
}

Source source_at(const std::vector<net::IpAddress>& addresses) {
  Source source;
  for (const net::IpAddress& address : addresses) {
    auto& own = address.is_v6() ? source.v6 : source.v4;
    if (!own) own = address;
  }
  return source;
}

// Those of the pool; delivery.source if there is none.
std::vector<Source> sources_of(const config::Config& config, std::string_view pool) {
  const config::PoolConfig* const named = relay::pool_named(config, pool);
  if (named == nullptr) return {source_at(config.delivery.source)};
  std::vector<Source> sources;
  for (const config::SourceConfig& each : config.sources) {
    if (std::ranges::find(named->sources, each.addresses.front()) == named->sources.end()) continue;
    sources.push_back(source_at(each.addresses));
    sources.back().name = each.name();
    sources.back().hostname = each.hostname;
    if (each.warm_up) {
      sources.back().warm_up = WarmUp{*each.warm_up, each.warm_up_daily, each.warm_up_days};
    }
  }
  return sources;
}

struct Completion {
  std::string key;  // its end
  bool heeds_policy = false;
};

// What the configuration says of the hop beside where it is.
Completion complete(NextHop& hop, const config::Config& config, const RoutePlan& plan,
                    std::string_view domain, std::string_view exchanger,
                    const providers::Provider* provider) {
  const auto found = providers::limits_in_force(config, domain, exchanger, provider);
  apply_limits(hop, found);
  hop.sources = sources_of(config, plan.pool);
  if (found.table != nullptr && found.table->tls) hop.tls = *found.table->tls;
  if (plan.tls) hop.tls = *plan.tls;
  if (found.table != nullptr) hop.dane = found.table->dane.value_or(hop.dane);
  hop.connections_per_address =
      std::max(config.delivery.connections_per_address,
               found.of_table.connections ? hop.connections * hop.sources.size() : 0);
  const bool heeds_policy = found.table != nullptr
                                ? found.table->mta_sts.value_or(config.delivery.mta_sts)
                                : config.delivery.mta_sts;
  return {differences(hop, config, found), heeds_policy && hop.tls != config::TlsPolicy::Off};
}

// Some domains have the same hosts in another order of preference: another way to the same
// receiver.
std::string set_of(const NextHop& hop) {
  std::vector<std::string_view> names;
  names.reserve(hop.hosts.size());
  for (const NextHop::Host& host : hop.hosts) names.push_back(host.name);
  std::ranges::sort(names);
  return fmt::format("mx:{}", fmt::join(names, ","));
}

std::string_view literal_address(std::string_view literal) {
  constexpr std::string_view kV6 = "ipv6:";
  literal = literal.substr(1, literal.size() - 2);
  if (ascii::starts_with_ignore_case(literal, kV6)) literal.remove_prefix(kV6.size());
  return literal;
}

void go_to(NextHop& hop, std::string_view host) {
  hop.mx = false;
  hop.hosts = {{std::string(host), 0}};
  hop.key = fmt::format("smtp:{}:{}", host, hop.port);
}

void take_route(NextHop& hop, const config::RouteConfig& route) {
  hop.via = hops_of(route, hop.tls);
  for (const RouteHop& each : hop.via) {
    hop.hosts.push_back({each.to.socket.empty() ? each.to.host : "localhost", 0});
  }
  hop.mx = false;
  hop.routed = true;
  hop.port = hop.via.front().to.port;
  hop.key = key_of(hop.via);
}

// What the key says of it: hosts that the policy does not name must not get the mail.
std::string follow_policy(NextHop& hop, const mta_sts::Policy& policy) {
  hop.enforces_policy = true;
  std::string text = " sts";
  for (NextHop::Host& host : hop.hosts) {
    host.in_policy = mta_sts::lists(policy, host.name);
    if (!host.in_policy) text.append(",-").append(host.name);
  }
  return text;
}

}  // namespace

bool heeds_policies(const config::Config& config) {
  return config.delivery.mta_sts ||
         std::ranges::any_of(config.destinations, [](const config::DestinationConfig& each) {
           return each.mta_sts.value_or(false);
         });
}

std::string_view without_sources(std::string_view key) {
  return key.substr(0, std::min(key.rfind(kFrom), key.size()));
}

std::string_view receiver_of(const NextHop& hop) {
  const std::string_view name = hop.group.empty() ? hop.key : hop.group;
  return name.substr(0, name.find(' '));
}

std::string_view table_of(const NextHop& hop) {
  const std::string_view key = hop.key;
  const std::size_t mark = key.find(kTable);
  if (mark == std::string_view::npos) return {};
  const std::size_t begin = mark + kTable.size();
  return key.substr(begin, key.find(']', begin) - begin);
}

Result<RoutePlan> plan_route(const config::Config& config, const queue::Lane& lane) {
  auto domain = smtp::to_a_labels(lane.domain);
  if (!domain) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not a domain name: {}", lane.domain, domain.error().detail));
  }
  RoutePlan plan;
  NextHop& hop = plan.hop;
  hop.tls = config.delivery.tls;
  hop.dane = config.delivery.dane;
  hop.port = config.delivery.port;
  const config::RouteConfig* route = relay::lane_route(config, *domain, lane.route);
  // Jobs of a route that the configuration no longer has belong to another lane: see Settler.
  const bool redirected = relay::is_redirected(lane.route);
  const std::string_view via =
      redirected ? relay::redirected_via(lane.route) : relay::without_pool(lane.route);
  const bool stays = redirected ? relay::has_way(config, via)
                                : via.empty() || (route != nullptr && route->via == via);
  if (!stays) {
    return fail(Errc::InvalidArgument, fmt::format("there is no route {} any more", via));
  }
  if (route != nullptr) plan.tls = route->tls;
  if (route == nullptr || route->mx) plan.pool = relay::pool_of(lane.route);
  if (route != nullptr && !route->mx) {
    const Completion completion = complete(hop, config, plan, *domain, "", nullptr);
    take_route(hop, *route);
    hop.key += completion.key;
    return plan;
  } else if (smtp::is_address_literal(*domain)) {
    if (!config.delivery.address_literals) {
      return fail(Errc::InvalidArgument,
                  fmt::format("mail is not delivered to address literals such as {}", *domain));
    }
    go_to(hop, literal_address(*domain));
  } else if (smtp::is_domain_name(*domain, false)) {
    plan.domain = std::move(*domain);
    return plan;
  } else {
    return fail(Errc::InvalidArgument, fmt::format("{} is not a domain name", lane.domain));
  }
  hop.key += complete(hop, config, plan, *domain, "", nullptr).key;
  return plan;
}

std::expected<NextHop, Disposition> at_exchangers(const config::Config& config,
                                                  const providers::Providers& providers,
                                                  RoutePlan plan, dns::MxAnswer answer,
                                                  const mta_sts::Finding& finding) {
  if (answer.outcome != dns::MxAnswer::Outcome::Hosts) {
    return std::unexpected(of_mx_answer(answer, plan.domain));
  }
  dns::remove_self(answer.hosts, config.hostname);
  if (answer.hosts.empty()) {
    return std::unexpected(local(Outcome::Failed, {5, 4, 6},
                                 fmt::format("mail for {} loops back to this relay", plan.domain)));
  }
  NextHop hop = std::move(plan.hop);
  hop.implicit = answer.implicit;
  // There a missing address means something else: see HostWalk.
  hop.key = hop.implicit ? "a:" : "mx:";
  // In one order, whatever the answer's, so that the same set of hosts is the same site.
  std::ranges::sort(answer.hosts, {}, [](const dns::MxHost& host) {
    return std::pair(host.preference, std::string_view(host.host));
  });
  unsigned rank = 0;
  for (std::size_t i = 0; i < answer.hosts.size(); ++i) {
    const bool lower = i > 0 && answer.hosts[i].preference != answer.hosts[i - 1].preference;
    if (lower) ++rank;
    if (i > 0) hop.key += lower ? '>' : ',';
    hop.key += answer.hosts[i].host;
    hop.hosts.push_back({std::move(answer.hosts[i].host), rank});
  }
  const std::string& first = hop.hosts.front().name;
  const Completion completion =
      complete(hop, config, plan, plan.domain, first, providers.find(first));
  const std::string_view own = without_sources(completion.key);
  if (hop.group.empty() && hop.hosts.size() > 1) hop.group = set_of(hop).append(own);
  hop.key += own;
  if (completion.heeds_policy && finding.policy != nullptr &&
      finding.policy->mode == mta_sts::Mode::Enforce) {
    hop.key += follow_policy(hop, *finding.policy);
  }
  hop.key.append(completion.key, own.size());
  return hop;
}

}  // namespace signpost::delivery
