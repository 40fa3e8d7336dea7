#include "relay/redirect.h"

#include "relay/source_pool.h"

#include <algorithm>

namespace signpost::relay {

namespace {

constexpr char kMark = '>';  // no `via` begins with it

}  // namespace

std::string redirection_to(std::string_view via) {
  std::string route(1, kMark);
  return route.append(via);
}

bool is_redirected(std::string_view route) { return route.starts_with(kMark); }

std::string_view redirected_via(std::string_view route) {
  return is_redirected(route) ? route.substr(1) : std::string_view();
}

const config::RouteConfig* route_named(const config::Config& config, std::string_view via) {
  const auto found = std::ranges::find(config.routes, via, &config::RouteConfig::via);
  return found == config.routes.end() ? nullptr : &*found;
}

bool has_way(const config::Config& config, std::string_view via) {
  return via == kViaMx || route_named(config, via) != nullptr;
}

const config::RouteConfig* lane_route(const config::Config& config, std::string_view domain,
                                      std::string_view route) {
  if (!is_redirected(route)) return route_of(config, domain, without_pool(route));
  return route_named(config, redirected_via(route));
}

std::string route_in_force(const config::Config& config, const Origin& origin,
                           const queue::Lane& lane) {
  const bool stays = is_redirected(lane.route) && has_way(config, redirected_via(lane.route));
  return stays ? lane.route : sender_route(config, origin, lane.domain);
}

}  // namespace signpost::relay
