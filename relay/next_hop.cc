#include "relay/next_hop.h"

#include "base/ascii.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace signpost::relay {

namespace {

bool sender_matches(const std::string& pattern, std::string_view reverse_path) {
  if (pattern.empty()) return reverse_path.empty();
  if (pattern.front() != '@') return ascii::equals_ignore_case(pattern, reverse_path);
  const std::size_t at = reverse_path.rfind('@');
  return at != std::string_view::npos &&
         ascii::equals_ignore_case(std::string_view(pattern).substr(1),
                                   reverse_path.substr(at + 1));
}

bool applies(const config::RouteConfig& route, std::string_view reverse_path,
             std::string_view domain) {
  const auto matches_domain = [&](const std::string& pattern) {
    return config::domain_matches(pattern, domain);
  };
  const auto matches_sender = [&](const std::string& pattern) {
    return sender_matches(pattern, reverse_path);
  };
  return (route.recipients.empty() || std::ranges::any_of(route.recipients, matches_domain)) &&
         (route.senders.empty() || std::ranges::any_of(route.senders, matches_sender));
}

void apply_limits(NextHop& hop, const config::Config& config, std::string_view domain) {
  for (const config::DestinationConfig& destination : config.destinations) {
    const bool matches = std::ranges::any_of(destination.match, [&](const std::string& pattern) {
      return config::domain_matches(pattern, domain);
    });
    if (!matches) continue;
    hop.connections = destination.connections;
    hop.messages_per_connection = destination.messages_per_connection;
    if (destination.tls) hop.tls = *destination.tls;
    return;
  }
}

}  // namespace

Result<NextHop> next_hop(const config::Config& config, std::string_view reverse_path,
                         std::string_view recipient_domain) {
  auto domain = smtp::to_a_labels(recipient_domain);
  if (!domain) {
    return fail(Errc::InvalidArgument, fmt::format("{} is not a domain name: {}", recipient_domain,
                                                   domain.error().detail));
  }
  NextHop hop;
  hop.tls = config.delivery.tls;
  hop.port = config.delivery.port;
  apply_limits(hop, config, *domain);
  for (const config::RouteConfig& route : config.routes) {
    if (!applies(route, reverse_path, *domain)) continue;
    if (route.tls) hop.tls = *route.tls;
    if (route.mx) break;
    hop.mx = false;
    hop.host = route.host;
    hop.port = route.port;
    hop.key = fmt::format("smtp:{}:{}", route.host, route.port);
    return hop;
  }
  if (smtp::is_address_literal(*domain)) {
    constexpr std::string_view kV6 = "ipv6:";
    std::string_view literal(*domain);
    literal = literal.substr(1, literal.size() - 2);
    if (ascii::starts_with_ignore_case(literal, kV6)) literal.remove_prefix(kV6.size());
    hop.mx = false;
    hop.host = literal;
    hop.key = fmt::format("smtp:{}:{}", hop.host, hop.port);
    return hop;
  }
  if (!smtp::is_domain_name(*domain, false)) {
    return fail(Errc::InvalidArgument, fmt::format("{} is not a domain name", recipient_domain));
  }
  hop.host = *domain;
  hop.key = "mx:" + hop.host;
  return hop;
}

}  // namespace signpost::relay
