#include "relay/route.h"

#include "relay/sender_pattern.h"
#include "relay/source_pool.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <algorithm>
#include <utility>

namespace signpost::relay {

namespace {

bool is_for(const config::RouteConfig& route, std::string_view domain) {
  const auto matches = [&](const std::string& pattern) {
    return config::domain_matches(pattern, domain);
  };
  return route.recipients.empty() || std::ranges::any_of(route.recipients, matches);
}

bool applies(const config::RouteConfig& route, const Origin& origin, std::string_view domain) {
  const auto matches_sender = [&](const std::string& pattern) {
    return sender_matches(pattern, origin.reverse_path);
  };
  const auto is_login = [&](const std::string& login) { return login == origin.login; };
  return is_for(route, domain) &&
         (route.senders.empty() || std::ranges::any_of(route.senders, matches_sender)) &&
         (route.logins.empty() || std::ranges::any_of(route.logins, is_login));
}

}  // namespace

const config::RouteConfig* find_route(const config::Config& config, const Origin& origin,
                                      std::string_view domain) {
  const auto found = std::ranges::find_if(config.routes, [&](const config::RouteConfig& route) {
    return applies(route, origin, domain);
  });
  return found == config.routes.end() ? nullptr : &*found;
}

std::string sender_route(const config::Config& config, const Origin& origin,
                         std::string_view domain) {
  if (config.pools.empty() &&
      std::ranges::none_of(config.routes, &config::RouteConfig::is_for_some)) {
    return {};
  }
  // Lanes of former versions may be in U-labels. A name that is not a domain bounces whatever the
  // route.
  const auto a_labels = smtp::to_a_labels(domain);
  if (!a_labels) return {};
  const config::RouteConfig* route = find_route(config, origin, *a_labels);
  std::string via = route == nullptr || !route->is_for_some() ? std::string() : route->via;
  if (route != nullptr && !route->mx) return via;
  const config::PoolConfig* pool = find_pool(config, origin);
  return with_pool(std::move(via), pool == nullptr ? std::string_view() : pool->name);
}

const config::RouteConfig* route_of(const config::Config& config, std::string_view domain,
                                    std::string_view via) {
  const auto found = std::ranges::find_if(config.routes, [&](const config::RouteConfig& route) {
    return is_for(route, domain) && (!route.is_for_some() || (!via.empty() && route.via == via));
  });
  return found == config.routes.end() ? nullptr : &*found;
}

std::string account_of(std::string_view login, const smtp::ReversePath& reverse_path,
                       std::string_view client) {
  if (!login.empty()) return std::string(login);
  std::string account("@");
  if (reverse_path) account += reverse_path->domain();
  if (!client.empty()) account.append(" ").append(client);
  return account;
}

queue::Lane lane_of(const config::Config& config, std::string_view login,
                    const smtp::ReversePath& reverse_path, std::string domain) {
  queue::Lane lane;
  lane.account = account_of(login, reverse_path);
  lane.route = sender_route(config, {login, reverse_path}, domain);
  lane.domain = std::move(domain);
  return lane;
}

}  // namespace signpost::relay
