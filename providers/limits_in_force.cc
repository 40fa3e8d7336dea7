#include "providers/limits_in_force.h"

namespace signpost::providers {

namespace {

void find_table(LimitsInForce& found, const config::Config& config, std::string_view domain,
                std::string_view exchanger) {
  for (const config::DestinationConfig& table : config.destinations) {
    for (const std::string& pattern : table.match) {
      std::string_view name = pattern;
      const bool of_exchanger = name.starts_with(config::kMxPrefix);
      if (of_exchanger) name.remove_prefix(config::kMxPrefix.size());
      if (of_exchanger && exchanger.empty()) continue;
      if (!config::domain_matches(name, of_exchanger ? exchanger : domain)) continue;
      found.table = &table;
      found.pattern = pattern;
      return;
    }
  }
}

}  // namespace

LimitsInForce limits_in_force(const config::Config& config, std::string_view domain,
                              std::string_view exchanger, const Provider* provider) {
  LimitsInForce found;
  find_table(found, config, domain, exchanger);
  const config::DestinationConfig none;
  const config::DestinationConfig& table = found.table == nullptr ? none : *found.table;
  const Limits known = provider == nullptr ? Limits() : provider->limits;
  const bool table_first = found.is_singled_out() || provider == nullptr;
  const auto choose = [&](auto member, const auto& of_table) {
    const bool takes_table = of_table && (table_first || !(known.*member));
    found.limits.*member = takes_table ? of_table : known.*member;
    if (takes_table) found.of_table.*member = of_table;
  };
  choose(&Limits::connections, table.connections);
  choose(&Limits::messages_per_connection, table.messages_per_connection);
  choose(&Limits::recipients_per_transaction, table.recipients_per_transaction);
  choose(&Limits::rate, table.rate);
  if (found.is_singled_out() && (table.connections || table.rate)) {
    if (found.is_by_exchanger()) found.group = table.match.front();
  } else if (provider != nullptr) {
    found.group = provider->name;
  }
  return found;
}

}  // namespace signpost::providers
