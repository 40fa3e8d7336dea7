#include "delivery/next_hop.h"

#include "base/ascii.h"
#include "relay/route.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace signpost::delivery {

namespace {

// A [[destination]] table that applies, and the pattern that says so; null if none does.
struct Match {
  const config::DestinationConfig* table = nullptr;
  std::string_view pattern;

  bool names_anybody() const { return table != nullptr && pattern != "*"; }
  bool names_exchanger() const { return pattern.starts_with(config::kMxPrefix); }
};

// `exchanger`: "" if none is involved.
Match destination_of(const config::Config& config, std::string_view domain,
                     std::string_view exchanger) {
  for (const config::DestinationConfig& table : config.destinations) {
    for (const std::string& pattern : table.match) {
      std::string_view name = pattern;
      const bool of_exchanger = name.starts_with(config::kMxPrefix);
      if (of_exchanger) name.remove_prefix(config::kMxPrefix.size());
      if (of_exchanger && exchanger.empty()) continue;
      if (config::domain_matches(name, of_exchanger ? exchanger : domain)) return {&table, pattern};
    }
  }
  return {};
}

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

// How much the receiver may be sent, and with whom it shares that.
void apply_limits(NextHop& hop, const Match& match, const providers::Provider* provider) {
  const config::DestinationConfig none;
  const config::DestinationConfig& table = match.table == nullptr ? none : *match.table;
  const providers::Limits known = provider == nullptr ? providers::Limits() : provider->limits;
  // "*" is every receiver of which nothing better is known.
  const bool ours_first = match.names_anybody() || provider == nullptr;
  const auto choose = [&](auto& limit, const auto& ours, const auto& theirs) {
    const auto& chosen = ours && (ours_first || !theirs) ? ours : theirs;
    if (chosen) limit = *chosen;
  };
  choose(hop.connections, table.connections, known.connections);
  choose(hop.messages_per_connection, table.messages_per_connection, known.messages_per_connection);
  choose(hop.recipients_per_transaction, table.recipients_per_transaction,
         known.recipients_per_transaction);
  choose(hop.rate, table.rate, known.rate);
  const bool limited = match.names_anybody() && (table.connections || table.rate);
  if (limited) {
    if (match.names_exchanger()) hop.group = table.match.front();
  } else if (provider != nullptr) {
    hop.group = provider->name;
  }
}

// What distinguishes connections to the same hosts that must not carry each other's mail, or that
// are limited apart from each other.
std::string differences(const NextHop& hop, const config::Config& config, const Match& match) {
  std::string text;
  if (match.names_anybody() && !match.names_exchanger()) {
    text += fmt::format(" [{}]", match.table->match.front());
  }
  if (hop.tls != config.delivery.tls) text += fmt::format(" tls={}", tls_word(hop.tls));
  return text;
}

// What the configuration says of the hop beside where it is; the end of its key.
std::string complete(NextHop& hop, const config::Config& config, const RoutePlan& plan,
                     std::string_view domain, std::string_view exchanger,
                     const providers::Provider* provider) {
  const Match match = destination_of(config, domain, exchanger);
  apply_limits(hop, match, provider);
  if (match.table != nullptr && match.table->tls) hop.tls = *match.table->tls;
  if (plan.tls) hop.tls = *plan.tls;
  const bool limited = match.table != nullptr && match.table->connections;
  hop.connections_per_address =
      std::max(config.delivery.connections_per_address, limited ? hop.connections : 0);
  return differences(hop, config, match);
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

}  // namespace

Result<RoutePlan> plan_route(const config::Config& config, const queue::Lane& lane) {
  auto domain = smtp::to_a_labels(lane.domain);
  if (!domain) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not a domain name: {}", lane.domain, domain.error().detail));
  }
  RoutePlan plan;
  NextHop& hop = plan.hop;
  hop.tls = config.delivery.tls;
  hop.port = config.delivery.port;
  const config::RouteConfig* route = relay::route_of(config, *domain, lane.route);
  // Jobs of a route that the configuration no longer has belong to another lane: see Settler.
  if (!lane.route.empty() && (route == nullptr || route->via != lane.route)) {
    return fail(Errc::InvalidArgument, fmt::format("there is no route {} any more", lane.route));
  }
  if (route != nullptr) plan.tls = route->tls;
  if (route != nullptr && !route->mx) {
    hop.port = route->port;
    hop.routed = true;
    go_to(hop, route->host);
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
  hop.key += complete(hop, config, plan, *domain, "", nullptr);
  return plan;
}

std::expected<NextHop, Disposition> at_exchangers(const config::Config& config,
                                                  const providers::Providers& providers,
                                                  RoutePlan plan, dns::MxAnswer answer) {
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
  hop.key += complete(hop, config, plan, plan.domain, first, providers.find(first));
  return hop;
}

}  // namespace signpost::delivery
