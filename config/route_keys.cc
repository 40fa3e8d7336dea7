#include "config/route_keys.h"

#include "base/ascii.h"
#include "config/next_hop_url.h"
#include "config/toml_document.h"
#include "config/value_forms.h"
#include "sasl/mechanism.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace signpost::config {

namespace {

constexpr std::size_t kMostHops = 10;  // as many as an attempt tries
constexpr std::int64_t kMostWeight = 1000;

std::optional<HopConfig> read_hop(Setting& setting, const TomlValue& where) {
  auto hop = parse_next_hop(where.string);
  if (hop) return std::move(*hop);
  refuse(setting, where, hop.error());
  return {};
}

// { hop = "smtp://a.example", weight = 3 }
std::optional<HopConfig> read_weighted(Setting& setting, const TomlValue& table) {
  for (const TomlMember& member : table.members) {
    if (member.key == "hop" || member.key == "weight") continue;
    setting.wrong(table, fmt::format("unknown key {} in a next hop, which has hop and weight",
                                     shown(member.key)));
    return {};
  }
  const TomlValue* const text = table.find("hop");
  if (text == nullptr || text->kind != TomlValue::Kind::String) {
    setting.wrong(table, "a table in the list has no hop");
    return {};
  }
  auto hop = read_hop(setting, *text);
  const TomlValue* const weight = table.find("weight");
  if (!hop || weight == nullptr) return hop;
  if (weight->kind != TomlValue::Kind::Integer || weight->integer < 0 ||
      weight->integer > kMostWeight) {
    setting.wrong(*weight, fmt::format("a weight is a whole number from 0 to {}", kMostWeight));
    return {};
  }
  hop->weight = static_cast<std::uint32_t>(weight->integer);
  return hop;
}

std::optional<std::vector<HopConfig>> read_list(Setting& setting) {
  const TomlValue& list = setting.value();
  if (list.items.empty() || list.items.size() > kMostHops) {
    setting.wrong(list.items.empty() ? "the list is empty"
                                     : fmt::format("there are more than {} next hops", kMostHops));
    return {};
  }
  std::vector<HopConfig> hops;
  for (const TomlValue& item : list.items) {
    std::optional<HopConfig> hop;
    if (item.kind == TomlValue::Kind::String) {
      hop = read_hop(setting, item);
    } else if (item.kind == TomlValue::Kind::Table) {
      hop = read_weighted(setting, item);
    } else {
      setting.wrong(item, fmt::format("found {} in a list of next hops", describe(item.kind)));
    }
    if (!hop) return {};
    if (std::ranges::find(hops, hop->name, &HopConfig::name) != hops.end()) {
      setting.wrong(item, toml_string(hop->name) + " appears twice");
      return {};
    }
    hops.push_back(std::move(*hop));
  }
  if (std::ranges::all_of(hops, [](const HopConfig& hop) { return hop.weight == 0; })) {
    setting.wrong("all next hops have weight 0");
    return {};
  }
  return hops;
}

void read_via(Setting& setting, RouteConfig& route) {
  std::optional<std::vector<HopConfig>> hops;
  if (setting.value().kind == TomlValue::Kind::Array) {
    hops = read_list(setting);
  } else {
    const std::string* const text = setting.string();
    if (text == nullptr) return;
    if (*text == "mx") {
      route.mx = true;
      route.via = *text;
      return;
    }
    if (auto hop = read_hop(setting, setting.value())) hops.emplace(1, std::move(*hop));
  }
  if (!hops) return;
  route.hops = std::move(*hops);
  for (const HopConfig& hop : route.hops) {
    if (!route.via.empty()) route.via += ", ";
    route.via += hop.name;
  }
}

Choices<sasl::Mechanism> mechanisms() {
  Choices<sasl::Mechanism> choices;
  for (const sasl::Mechanism mechanism : sasl::kMechanisms) {
    choices.emplace_back(ascii::lower(sasl::name_of(mechanism)), mechanism);
  }
  return choices;
}

}  // namespace

Key<RouteConfig> via_key() {
  return Key<RouteConfig>{
      {"via",
       "\"mx\" or a next hop, as in \"smtp://host:port\", \"smtps://login@host\", \"lmtp://host\" "
       "or \"lmtp:unix:/path\", or a list of next hops",
       "",
       "Where the mail goes: by MX records, or to a host (a name, or an address; IPv6 in brackets) "
       "or a socket. A login and a password before the host are percent-encoded. In a list, "
       "{ hop = \"smtp://host\", weight = 3 } gets three times the connections of a next hop "
       "without a weight, and weight 0 those that no other one takes."},
      read_via}
      .required();
}

Key<RouteConfig> auth_key() {
  return key("auth", &RouteConfig::auth, one_of(mechanisms()),
             "The only mechanism to log in with. Default: the best of those that the next hop "
             "offers, in this order.");
}

ValueResult<std::string> parse_route_login(std::string_view text) {
  if (text.empty() || std::ranges::any_of(text, ascii::is_control)) {
    return std::unexpected(ValueError{shown(text) + " is not a login"});
  }
  return std::string(text);
}

}  // namespace signpost::config
