#include "submission/session_options.h"

#include "submission/acceptance.h"

#include <algorithm>
#include <chrono>

namespace signpost::submission {

bool is_trusted(const config::ListenerConfig& listener, const net::IpAddress& client) {
  return std::ranges::any_of(listener.trusted_networks,
                             [&](const net::Network& network) { return network.contains(client); });
}

bool may_authenticate(const relay::Settings& settings, const config::ListenerConfig& listener) {
  return listener.auth != config::AuthMode::Off && settings.users != nullptr;
}

smtp::ServerOptions dialog_options(const relay::Settings& settings,
                                   const config::ListenerConfig& listener,
                                   const net::IpAddress& client, SystemTime now) {
  const config::Config& config = *settings.config;
  smtp::ServerOptions options;
  options.hostname = config.hostname;
  options.size_limit = config.limits.message_size;
  options.recipients_limit = config.limits.recipients_per_message;
  options.hold_limit = config.limits.future_release;
  options.hold_until_limit = std::chrono::floor<std::chrono::seconds>(now) + options.hold_limit;
  options.deliver_by_minimum = kDeliverByMinimum;
  options.tls = listener.mode == config::ListenerMode::Implicit;
  options.offer_starttls =
      listener.mode == config::ListenerMode::StartTls && settings.tls != nullptr;
  // Credentials travel under TLS or within this machine, never in clear over a network. A proxy on
  // this machine makes every client a local one.
  const bool clear =
      client.is_loopback() && listener.login_in_clear == config::ClearLogin::Loopback;
  options.offer_auth = may_authenticate(settings, listener) && (options.tls || clear);
  options.require_auth =
      listener.auth == config::AuthMode::Required && !is_trusted(listener, client);
  options.require_tls = options.offer_starttls && options.require_auth && !clear;
  return options;
}

}  // namespace signpost::submission
