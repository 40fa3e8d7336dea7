#include "config/route_rules.h"

#include "config/table_entry.h"
#include "net/address.h"
#include "sasl/mechanism.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::config {

namespace {

bool leads_to(const HopConfig& hop, const net::SocketAddress& bind) {
  const auto host = net::IpAddress::parse(hop.host);
  if (!host || hop.port != bind.port) return false;
  return *host == bind.ip || (bind.ip.is_unspecified() && host->is_v6() == bind.ip.is_v6() &&
                              (host->is_loopback() || host->is_unspecified()));
}

// Names, and addresses of this machine that a wildcard covers, are checked when mail goes there.
void check_loop(const Entry<RouteConfig>& entry, const Config& config, ConfigErrors& errors) {
  for (const HopConfig& hop : entry.section.hops) {
    const auto own = std::ranges::find_if(config.listeners, [&](const ListenerConfig& listener) {
      return listener.socket.empty() ? hop.socket.empty() && leads_to(hop, listener.bind)
                                     : hop.socket == listener.socket;
    });
    if (own == config.listeners.end()) continue;
    errors.add(entry.at("via"), "route.via",
               fmt::format("leads back to the listener {}; write the address of another server",
                           own->socket.empty() ? own->bind.text() : own->name));
    return;
  }
}

bool has_login(const HopConfig& hop) { return !hop.login.empty(); }

// Which of the keys of a login are there, and fit each other.
void check_login(const Entry<RouteConfig>& entry, ConfigErrors& errors) {
  const RouteConfig& route = entry.section;
  const bool some_login = std::ranges::any_of(route.hops, has_login);
  for (const std::string_view key : {"auth", "password_file", "token_file"}) {
    if (some_login || entry.table.find(key) == nullptr) continue;
    errors.add(entry.at(key), fmt::format("route.{}", key),
               "no next hop has a login; write it in via, as in \"smtps://login@host\"");
    return;
  }
  if (!route.password_file.empty() && !route.token_file.empty()) {
    errors.add(entry.at("token_file"), "route.token_file",
               "there is a password_file, too; remove one of them");
    return;
  }
  const bool has_file = !route.password_file.empty() || !route.token_file.empty();
  const auto has_password = [](const HopConfig& hop) { return hop.password != nullptr; };
  if (!route.token_file.empty() && std::ranges::any_of(route.hops, has_password)) {
    errors.add(entry.at("token_file"), "route.token_file",
               "there is a password in via, too; remove one of them");
    return;
  }
  const auto lacks_secret = [&](const HopConfig& hop) {
    return has_login(hop) && !hop.password && !has_file;
  };
  if (std::ranges::any_of(route.hops, lacks_secret)) {
    errors.add(entry.at("via"), "route.via",
               "a login has no password; write password_file or token_file beside via, or the "
               "password after the login, as in \"smtps://login:password@host\"");
    return;
  }
  if (route.auth && takes_token(*route.auth) != !route.token_file.empty()) {
    errors.add(entry.at("auth"), "route.auth",
               takes_token(*route.auth) ? "needs a token; write token_file"
                                        : "needs a password, and there is a token_file; write "
                                          "\"oauthbearer\" or \"xoauth2\", or leave it out");
  }
}

void check_client_certificate(const Entry<RouteConfig>& entry, ConfigErrors& errors) {
  const bool has_certificate = !entry.section.client_certificate.empty();
  if (has_certificate == !entry.section.client_key.empty()) return;
  const std::string_view there = has_certificate ? "client_certificate" : "client_key";
  errors.add(entry.at(there), fmt::format("route.{}", there),
             has_certificate ? "needs its private key; write client_key"
                             : "is the key of no certificate; write client_certificate");
}

// A policy that is written for this route; others are raised: see tls_for().
void check_clear_login(const Entry<RouteConfig>& entry, ConfigErrors& errors) {
  const RouteConfig& route = entry.section;
  const bool may_be_clear = route.tls == TlsPolicy::Off || route.tls == TlsPolicy::Opportunistic;
  if (!may_be_clear || (route.auth && !shows_secret(*route.auth))) return;
  const auto is_seen = [](const HopConfig& hop) {
    return has_login(hop) && hop.protocol != HopProtocol::Smtps && !hop.is_loopback();
  };
  if (!std::ranges::any_of(route.hops, is_seen)) return;
  errors.add(
      entry.at("tls"), "route.tls",
      "would let the password go over the network in clear; write \"encrypt\" or \"verify\"");
}

}  // namespace

void check_routes(const TomlValue& root, const Config& config, ConfigErrors& errors) {
  for (const auto& entry : entries(root, "route", config.routes)) {
    check_loop(entry, config, errors);
    check_login(entry, errors);
    check_client_certificate(entry, errors);
    check_clear_login(entry, errors);
  }
}

}  // namespace signpost::config
