#include "config/config_rules.h"

#include "config/once.h"
#include "config/pool_rules.h"
#include "config/route_rules.h"
#include "config/table_entry.h"
#include "config/wide_networks.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::config {

namespace {

TomlPosition position_of(const TomlValue& root, std::string_view section, std::string_view key) {
  const TomlValue* table = root.find(section);
  if (table == nullptr) return root.begin;
  const TomlValue* value = table->find(key);
  return value == nullptr ? table->begin : value->begin;
}

void check_listener_security(const Entry<ListenerConfig>& entry, ConfigErrors& errors) {
  const ListenerConfig& listener = entry.section;
  const TomlValue* networks = entry.table.find("trusted_networks");
  if (listener.auth == AuthMode::Off && (networks == nullptr || networks->items.empty())) {
    errors.add(entry.at("auth"), "listener.auth",
               "\"off\" without trusted_networks would let everyone relay; write the networks "
               "that may, or \"required\"");
  }
  if (listener.auth != AuthMode::Off && listener.mode == ListenerMode::Plain &&
      !listener.bind.ip.is_loopback() && listener.proxy_protocol_from.empty() &&
      !listener.xclient_logins) {
    errors.add(entry.at("mode"), "listener.mode",
               "\"plain\" would carry passwords in clear; write \"starttls\", or auth = \"off\" "
               "with trusted_networks, or bind to a loopback address, or name the load balancers "
               "that end TLS in proxy_protocol_from");
  }
  if (listener.auth == AuthMode::Required && listener.mode == ListenerMode::Plain &&
      listener.login_in_clear == ClearLogin::Never && !listener.xclient_logins) {
    errors.add(entry.at("login_in_clear"), "listener.login_in_clear",
               "\"never\" with mode \"plain\" and auth \"required\" would let nobody log in; write "
               "mode = \"starttls\", or \"loopback\"");
  }
}

void check_client_ca(const Entry<ListenerConfig>& entry, ConfigErrors& errors) {
  const ListenerConfig& listener = entry.section;
  if (listener.client_ca.empty()) return;
  if (listener.mode == ListenerMode::Plain) {
    errors.add(entry.at("client_ca"), "listener.client_ca",
               "has no meaning without TLS; remove it, or write mode = \"starttls\" or "
               "\"implicit\"");
  } else if (listener.auth == AuthMode::Off) {
    errors.add(entry.at("client_ca"), "listener.client_ca",
               "is for logins, and auth is \"off\"; remove it, or write auth = \"optional\"");
  }
}

// Catches a mistyped network, or two halves of everything.
void check_trusted_networks(const Entry<ListenerConfig>& entry, ConfigErrors& errors) {
  if (entry.section.trust_wide_networks || !are_wide(entry.section.trusted_networks)) return;
  errors.add(entry.at("trusted_networks"), "listener.trusted_networks",
             "together these cover more of the Internet than a /8 (IPv6: a /16) does, which is "
             "close to an open relay; write smaller networks, or also trust_wide_networks = true");
}

// Whoever may send a PROXY header or XCLIENT chooses the address that it is judged by.
void check_proxies(const Entry<ListenerConfig>& entry, ConfigErrors& errors) {
  const ListenerConfig& listener = entry.section;
  const auto demand_few = [&](std::string_view key, const std::vector<net::Network>& networks,
                              std::string_view whose) {
    if (!are_wide(networks)) return;
    errors.add(entry.at(key), fmt::format("listener.{}", key),
               fmt::format("together these cover more of the Internet than a /8 (IPv6: a /16) "
                           "does, and anyone there could claim any address; write the addresses "
                           "of the {}",
                           whose));
  };
  demand_few("proxy_protocol_from", listener.proxy_protocol_from, "load balancers");
  demand_few("xclient_from", listener.xclient_from, "front ends");
  if (listener.xclient_logins && entry.table.find("xclient_from") == nullptr) {
    errors.add(entry.at("xclient_logins"), "listener.xclient_logins",
               "has no meaning without front ends; write their addresses in xclient_from");
  }
}

void check_listener_needs(const Entry<ListenerConfig>& entry, const TomlValue& root,
                          ConfigErrors& errors) {
  const ListenerConfig& listener = entry.section;
  if (listener.mode != ListenerMode::Plain && root.find("tls") == nullptr) {
    errors.add(entry.at("mode"), "listener.mode",
               fmt::format("\"{}\" needs a certificate; write [tls] with certificate and key",
                           listener.mode == ListenerMode::StartTls ? "starttls" : "implicit"));
  }
  if (listener.auth != AuthMode::Off && root.find("auth") == nullptr) {
    errors.add(entry.at("auth"), "listener.auth",
               fmt::format("\"{}\" needs logins; write [auth] with users",
                           listener.auth == AuthMode::Required ? "required" : "optional"));
  }
}

void check_auth(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  const TomlValue* const auth = root.find("auth");
  if (auth == nullptr || auth->kind != TomlValue::Kind::Table) return;
  if (auth->find("users") != nullptr || auth->find("dovecot_socket") != nullptr) return;
  if (config.oauth && config.oauth->unlisted == Unlisted::OwnAddress) return;
  errors.add(auth->begin, "auth.users", "missing; write the path of a file, or dovecot_socket");
}

// The keys about addresses, logins and TLS, and the one about accounts, exclude each other.
void check_listener_kind(const Entry<ListenerConfig>& entry, ConfigErrors& errors) {
  if (entry.section.socket.empty()) {
    for (const std::string_view key : {"allow_users", "spool"}) {
      const TomlValue* value = entry.table.find(key);
      if (value == nullptr || (key == "allow_users" && value->items.empty())) continue;
      if (key == "spool" && entry.section.spool == kDefaultSpool) continue;
      errors.add(value->begin, fmt::format("listener.{}", key),
                 "is for accounts of this machine; remove it, or bind to \"unix:/path\"");
    }
    return;
  }
  for (const std::string_view key :
       {"login_in_clear", "trusted_networks", "trust_wide_networks", "proxy_protocol_from",
        "xclient_from", "xclient_logins", "client_ca"}) {
    if (entry.table.find(key) == nullptr) continue;
    errors.add(entry.at(key), fmt::format("listener.{}", key),
               "has no meaning at a unix socket; remove it, and write allow_users");
  }
  // As written: bind has set the members.
  const auto demand = [&](std::string_view key, std::string_view word, std::string_view why) {
    const TomlValue* value = entry.table.find(key);
    if (value == nullptr || value->string == word) return;
    errors.add(value->begin, fmt::format("listener.{}", key),
               fmt::format("{} at a unix socket; write \"{}\"", why, word));
  };
  demand("mode", "plain", "there is no TLS");
  demand("auth", "off", "accounts stand in for logins");
}

// An address belongs to one listening socket, and with a wildcard all addresses of its family do.
bool covers(const net::SocketAddress& wildcard, const net::SocketAddress& other) {
  return wildcard != other && wildcard.port == other.port && wildcard.ip.is_unspecified() &&
         wildcard.ip.is_v6() == other.ip.is_v6();
}

void check_listeners(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  if (root.find("listener") == nullptr) {
    errors.add({1, 1}, "listener", "missing; write at least one [[listener]] with bind");
  }
  Once binds(errors, "listener.bind");
  for (const auto& entry : entries(root, "listener", config.listeners)) {
    check_listener_kind(entry, errors);
    if (!entry.section.socket.empty()) binds.add(entry.section.name, entry.at("bind"));
    if (entry.section.bind.port == 0) continue;  // a socket, or reported where it was read
    check_listener_needs(entry, root, errors);
    check_listener_security(entry, errors);
    check_client_ca(entry, errors);
    check_trusted_networks(entry, errors);
    check_proxies(entry, errors);
    binds.add(entry.section.bind.text(), entry.at("bind"));
    for (const ListenerConfig& other : config.listeners) {
      if (!covers(other.bind, entry.section.bind)) continue;
      errors.add(entry.at("bind"), "listener.bind",
                 fmt::format("{} is an address of the listener {}; write another port",
                             entry.section.bind.text(), other.bind.text()));
    }
  }
}

void check_admin(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  if (config.admin_metrics == MetricsAccess::Token && config.admin_token_file.empty()) {
    errors.add(position_of(root, "admin", "metrics"), "admin.metrics",
               "\"token\" without a token would refuse everyone; write token_file, or \"open\"");
  }
  if (!config.admin_bind) return;
  const TomlPosition where = position_of(root, "admin", "bind");
  if (!config.admin_bind->ip.is_loopback() && config.admin_token_file.empty()) {
    errors.add(where, "admin.bind",
               fmt::format("{} can be reached from outside; write token_file, or bind to a "
                           "loopback address",
                           config.admin_bind->text()));
  }
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.socket.empty()) continue;
    const net::SocketAddress& bind = *config.admin_bind;
    if (listener.bind != bind && !covers(listener.bind, bind) && !covers(bind, listener.bind))
      continue;
    errors.add(
        where, "admin.bind",
        fmt::format("{} is the address of a listener; write another port", listener.bind.text()));
  }
}

// A domain or a network of two tenants would belong to neither.
void check_tenants(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  Once names(errors, "tenant.name");
  Once domains(errors, "tenant.domains");
  Once networks(errors, "tenant.networks");
  for (const auto& entry : entries(root, "tenant", config.tenants)) {
    const TenantConfig& tenant = entry.section;
    if (!tenant.name.empty()) names.add(toml_string(tenant.name), entry.at("name"));
    for (const std::string& domain : tenant.domains) {
      domains.add(toml_string(domain), entry.at("domains"));
    }
    for (const net::Network& network : tenant.networks) {
      networks.add(network.text(), entry.at("networks"));
    }
    const TomlValue* const listed = entry.table.find("domains");
    const bool none = listed == nullptr || listed->items.empty();
    if (none && entry.table.find("domains_file") == nullptr) {
      errors.add(entry.at("domains"), "tenant.domains",
                 fmt::format("{}; write domains, as in [\"shop.example\", \"*.shop.example\"], or "
                             "domains_file",
                             listed == nullptr ? "missing" : "the list is empty"));
    }
  }
}

void check_dkim(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  Once names(errors, "dkim.selector");
  for (const auto& entry : entries(root, "dkim", config.dkim)) {
    const DkimConfig& dkim = entry.section;
    if (dkim.domain.empty() || dkim.selector.empty()) continue;
    names.add(fmt::format("{}._domainkey.{}", dkim.selector, dkim.domain), entry.at("selector"));
  }
}

// Only the first table that matches applies: the same pattern again has no effect.
void check_destinations(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  Once patterns(errors, "destination.match");
  for (const auto& entry : entries(root, "destination", config.destinations)) {
    for (const std::string& pattern : entry.section.match) {
      patterns.add(toml_string(pattern), entry.at("match"));
    }
  }
}

}  // namespace

void check_config(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  check_listeners(root, config, errors);
  check_auth(root, config, errors);
  check_admin(root, config, errors);
  check_tenants(root, config, errors);
  check_dkim(root, config, errors);
  check_destinations(root, config, errors);
  check_routes(root, config, errors);
  check_pools(root, config, errors);
}

}  // namespace signpost::config
