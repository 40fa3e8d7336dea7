#include "submission/session_options.h"

#include "auth/scram_exchange.h"
#include "submission/acceptance.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace signpost::submission {

namespace {

bool contain(const std::vector<net::Network>& networks, const net::IpAddress& address) {
  return std::ranges::any_of(
      networks, [&](const net::Network& network) { return network.contains(address); });
}

}  // namespace

bool is_trusted(const config::ListenerConfig& listener, const net::IpAddress& client) {
  if (const auto uid = client.account()) {
    return *uid == 0 ||
           std::ranges::any_of(listener.allow_users, [&](const config::LocalAccount& allowed) {
             return !allowed.uid || allowed.uid == uid;
           });
  }
  return contain(listener.trusted_networks, client);
}

bool is_trusted(const config::ListenerConfig& listener, const Peer& peer) {
  return !peer.is_unknown && !peer.is_of_another_loopback() && is_trusted(listener, peer.client.ip);
}

bool sends_proxy_header(const config::ListenerConfig& listener, const net::IpAddress& peer) {
  return contain(listener.proxy_protocol_from, peer);
}

const config::ListenerConfig* find_listener(const relay::Settings& settings,
                                            std::string_view name) {
  const auto& all = settings.config->listeners;
  const auto found = std::ranges::find(all, name, &config::ListenerConfig::name);
  return found == all.end() ? nullptr : &*found;
}

bool may_use_passwords(const relay::Settings& settings) {
  return settings.users != nullptr || !settings.config->dovecot_socket.empty();
}

bool may_authenticate(const relay::Settings& settings, const config::ListenerConfig& listener) {
  return listener.auth != config::AuthMode::Off &&
         (may_use_passwords(settings) || settings.token_rules != nullptr);
}

std::vector<std::string> more_mechanisms(const relay::Settings& settings, bool tls,
                                         bool certified) {
  std::vector<std::string> mechanisms;
  // A Dovecot gets to see passwords only.
  const bool scram = settings.config->dovecot_socket.empty() && settings.users &&
                     auth::scram_serves_all(*settings.users);
  if (scram && tls) mechanisms.emplace_back("SCRAM-SHA-256-PLUS");
  if (scram) mechanisms.emplace_back("SCRAM-SHA-256");
  if (settings.token_rules) {
    mechanisms.emplace_back("OAUTHBEARER");
    mechanisms.emplace_back("XOAUTH2");
  }
  if (tls && certified && settings.users) mechanisms.emplace_back("EXTERNAL");
  return mechanisms;
}

smtp::ServerOptions dialog_options(const relay::Settings& settings,
                                   const config::ListenerConfig& listener, const Peer& peer,
                                   SystemTime now, bool secured) {
  const config::Config& config = *settings.config;
  smtp::ServerOptions options;
  options.hostname = config.hostname;
  options.size_limit = config.limits.message_size;
  options.recipients_limit = config.limits.recipients_per_message;
  options.hold_limit = config.limits.future_release;
  options.hold_until_limit = std::chrono::floor<std::chrono::seconds>(now) + options.hold_limit;
  options.deliver_by_minimum = kDeliverByMinimum;
  // What a load balancer has decrypted came under TLS: how it comes from there is the operator's
  // choice.
  const bool own_tls = secured || listener.mode == config::ListenerMode::Implicit;
  options.tls = own_tls || peer.tls != nullptr;
  options.offer_starttls = listener.mode == config::ListenerMode::StartTls &&
                           settings.tls != nullptr && peer.tls == nullptr;
  // Credentials travel under TLS or within this machine, never in clear over a network. A proxy on
  // this machine that sends no PROXY header makes every client a local one.
  const bool clear = peer.is_local() && listener.login_in_clear == config::ClearLogin::Loopback;
  options.offer_auth = may_authenticate(settings, listener) && (options.tls || clear);
  options.offer_passwords = may_use_passwords(settings);
  // Only our own TLS binds a channel: what a load balancer has decrypted does not.
  if (options.offer_auth) options.more_mechanisms = more_mechanisms(settings, own_tls);
  options.require_auth = listener.auth == config::AuthMode::Required && !is_trusted(listener, peer);
  options.stranger = !is_trusted(listener, peer);
  options.require_tls = options.offer_starttls && options.require_auth && !clear;
  options.xclient = !peer.is_unknown && !peer.is_of_another_loopback() &&
                    contain(listener.xclient_from, peer.client.ip);
  options.xclient_login = listener.xclient_logins;
  return options;
}

}  // namespace signpost::submission
