#include "admin/site_key.h"

#include "base/ascii.h"
#include "delivery/route_hop.h"
#include "net/address.h"
#include "smtp/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::string_view kImplicit = "a:";

Failure wrong(std::string_view name, std::string_view why) {
  return fail(Errc::InvalidArgument, fmt::format("{} {}", ascii::printable(name), why));
}

// What NextHop::key has behind the hosts: " [shop.example] tls=verify dane=off from=192.0.2.1".
bool is_suffix(std::string_view text) {
  constexpr std::array<std::string_view, 4> kForms{" [", " tls=", " dane=", " from="};
  return text.empty() ||
         std::ranges::any_of(kForms, [&](std::string_view form) { return text.starts_with(form); });
}

bool is_group(const config::Config& config, std::string_view name) {
  return std::ranges::any_of(config.destinations, [&](const config::DestinationConfig& table) {
    return (table.connections || table.rate) && !table.match.empty() && table.match.front() == name;
  });
}

Result<std::string> mx_key(const config::Config& config, std::string_view prefix,
                           std::string_view name) {
  std::string key(prefix);
  std::string_view hosts = name.substr(prefix.size());
  const std::string_view suffix = hosts.substr(std::min(hosts.find(' '), hosts.size()));
  hosts.remove_suffix(suffix.size());
  while (true) {
    const std::size_t end = std::min(hosts.find_first_of(",>"), hosts.size());
    std::string host = ascii::lower(hosts.substr(0, end));
    if (host.ends_with('.')) host.pop_back();
    if (host.contains('*')) {
      key += host;
      if (is_group(config, key)) return key;
      return wrong(
          name,
          "is no group: a pattern is the first match of a [[destination]] with connections "
          "or rate; else name the hosts, as signpost site list does, or a provider");
    }
    if (!smtp::is_domain_name(host, false)) {
      return wrong(name,
                   "does not name MX hosts; write mx:mx.example.net, as signpost site list "
                   "shows it, or a domain of recipients");
    }
    key += host;
    if (end == hosts.size()) break;
    key += hosts[end];
    hosts.remove_prefix(end + 1);
  }
  if (!is_suffix(suffix)) return wrong(name, "is not a site: see signpost site list");
  return key.append(suffix);
}

bool is_literal_key(const config::Config& config, std::string_view name) {
  constexpr std::string_view kSmtp = "smtp:";
  const std::string port = fmt::format(":{}", config.delivery.port);
  if (!config.delivery.address_literals || !name.starts_with(kSmtp) || !name.ends_with(port)) {
    return false;
  }
  name.remove_prefix(kSmtp.size());
  name.remove_suffix(std::min(name.size(), port.size()));
  return net::IpAddress::parse(name).has_value();
}

Result<std::string> route_key(const config::Config& config, std::string_view name) {
  std::string known;
  for (const config::RouteConfig& route : config.routes) {
    if (route.mx) continue;
    std::string key = delivery::key_of(delivery::hops_of(route, config.delivery.tls));
    if (name.starts_with(key) && is_suffix(name.substr(key.size()))) return std::string(name);
    if (name == route.via) return key;
    known.append(known.empty() ? "" : ", ").append(key);
  }
  if (is_literal_key(config, name)) return std::string(name);
  return wrong(name, known.empty() ? std::string("is not a site: the configuration has no route "
                                                 "with a next hop")
                                   : "is not a site: routes lead to " + known);
}

}  // namespace

bool is_site_key(std::string_view name) {
  constexpr std::array<std::string_view, 5> kForms{config::kMxPrefix, kImplicit,
                                                   "smtp:", "smtps:", "lmtp:"};
  return std::ranges::any_of(kForms, [&](std::string_view form) {
    return name.starts_with(form) && name.size() > form.size();
  });
}

Result<std::string> site_key(const config::Config& config, std::string_view name) {
  for (const std::string_view prefix : {config::kMxPrefix, kImplicit}) {
    if (name.starts_with(prefix)) return mx_key(config, prefix, name);
  }
  return route_key(config, name);
}

}  // namespace signpost::admin
