#include "relay/source_pool.h"

#include "relay/sender_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace signpost::relay {

namespace {

constexpr char kMark = '<';  // neither a `via` nor a name of a pool has it

bool applies(const config::Config& config, const config::PoolConfig& pool, const Origin& origin) {
  const auto matches_sender = [&](const std::string& pattern) {
    return sender_matches(pattern, origin.reverse_path);
  };
  const auto is_login = [&](const std::string& login) { return login == origin.login; };
  const auto is_of = [&](const std::string& name) {
    const auto& tenants = config.tenants;
    const auto tenant = std::ranges::find(tenants, name, &config::TenantConfig::name);
    return tenant != tenants.end() && origin.reverse_path &&
           config::has_domain(*tenant, origin.reverse_path->domain());
  };
  return (pool.senders.empty() || std::ranges::any_of(pool.senders, matches_sender)) &&
         (pool.logins.empty() || std::ranges::any_of(pool.logins, is_login)) &&
         (pool.tenants.empty() || std::ranges::any_of(pool.tenants, is_of));
}

}  // namespace

const config::PoolConfig* find_pool(const config::Config& config, const Origin& origin) {
  const auto found = std::ranges::find_if(
      config.pools, [&](const config::PoolConfig& pool) { return applies(config, pool, origin); });
  return found == config.pools.end() ? nullptr : &*found;
}

const config::PoolConfig* pool_named(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.pools, name, &config::PoolConfig::name);
  return found == config.pools.end() ? nullptr : &*found;
}

std::string with_pool(std::string via, std::string_view name) {
  if (!name.empty()) via.append(1, kMark).append(name);
  return via;
}

std::string_view pool_of(std::string_view route) {
  const std::size_t mark = route.rfind(kMark);
  return mark == std::string_view::npos ? std::string_view() : route.substr(mark + 1);
}

std::string_view without_pool(std::string_view route) {
  return route.substr(0, std::min(route.rfind(kMark), route.size()));
}

std::string route_text(std::string_view route) {
  const std::string_view via = without_pool(route);
  const std::string_view pool = pool_of(route);
  if (pool.empty()) return std::string(via);
  return fmt::format("{} from pool {}", via.empty() ? "mx" : via, pool);
}

}  // namespace signpost::relay
