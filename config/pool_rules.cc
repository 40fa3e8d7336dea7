#include "config/pool_rules.h"

#include "config/once.h"
#include "config/table_entry.h"
#include "config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace signpost::config {

namespace {

void check_sources(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  Once addresses(errors, "source.address");
  for (const auto& entry : entries(root, "source", config.sources)) {
    const std::vector<net::IpAddress>& own = entry.section.addresses;
    const auto v6 = std::ranges::count_if(own, &net::IpAddress::is_v6);
    const auto count = static_cast<std::ptrdiff_t>(own.size());
    if (v6 > 1 || count - v6 > 1) {
      errors.add(entry.at("address"), "source.address",
                 fmt::format("has several addresses of a family; write a [[source]] table for each "
                             "{} address",
                             v6 > 1 ? "IPv6" : "IPv4"));
    }
    for (const net::IpAddress& address : own) addresses.add(address.text(), entry.at("address"));
    for (const std::string_view key : {"warm_up_daily", "warm_up_days"}) {
      if (entry.table.find(key) == nullptr || entry.table.find("warm_up") != nullptr) continue;
      errors.add(entry.at(key), fmt::format("source.{}", key),
                 "has no effect without warm_up; write its first day there, or leave it out");
    }
  }
}

bool names_source(const Config& config, const net::IpAddress& address) {
  return std::ranges::any_of(config.sources, [&](const SourceConfig& source) {
    return !source.addresses.empty() && source.addresses.front() == address;
  });
}

bool is_for_all(const PoolConfig& pool) {
  return pool.senders.empty() && pool.logins.empty() && pool.tenants.empty();
}

}  // namespace

void check_pools(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  check_sources(root, config, errors);
  Once names(errors, "pool.name");
  const PoolConfig* last = nullptr;  // of those before, one that takes all mail
  for (const auto& entry : entries(root, "pool", config.pools)) {
    const PoolConfig& pool = entry.section;
    if (!pool.name.empty()) names.add(toml_string(pool.name), entry.at("name"));
    for (const net::IpAddress& address : pool.sources) {
      if (names_source(config, address)) continue;
      errors.add(entry.at("sources"), "pool.sources",
                 fmt::format("{} is not the first address of a [[source]]; write address = "
                             "[\"{}\"] in a table of its own",
                             address.text(), address.text()));
    }
    for (const std::string& name : pool.tenants) {
      const auto& tenants = config.tenants;
      if (std::ranges::find(tenants, name, &TenantConfig::name) != tenants.end()) continue;
      errors.add(entry.at("tenants"), "pool.tenants",
                 fmt::format("there is no tenant {}", toml_string(name)));
    }
    if (last != nullptr) {
      errors.add(entry.at("name"), "pool",
                 fmt::format("is never used: the pool {} comes first and takes all mail; write "
                             "senders, logins or tenants there, or put it last",
                             toml_string(last->name)));
    }
    if (is_for_all(pool)) last = &pool;
  }
}

}  // namespace signpost::config
