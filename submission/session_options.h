// What a client of a listener may do, by the configuration.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "net/address.h"
#include "relay/settings.h"
#include "smtp/server_options.h"
#include "submission/peer.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::submission {

// A client of one of the listener's trusted networks, or an account that may use its unix socket.
bool is_trusted(const config::ListenerConfig& listener, const net::IpAddress& client);
bool is_trusted(const config::ListenerConfig& listener, const Peer& peer);

// The listener of that name; null: none.
const config::ListenerConfig* find_listener(const relay::Settings& settings, std::string_view name);

// A load balancer that begins each connection with a PROXY header.
bool sends_proxy_header(const config::ListenerConfig& listener, const net::IpAddress& peer);

// AUTH is configured for the listener: it may be offered where credentials do not travel in clear.
bool may_authenticate(const relay::Settings& settings, const config::ListenerConfig& listener);

// Whether there is anybody who has a password.
bool may_use_passwords(const relay::Settings& settings);

// The SASL mechanisms that are offered beside PLAIN and LOGIN, by whether TLS is active and whether
// the client has shown a certificate there that names somebody. Of those that clients choose by
// themselves only such that serve every login: clients do not try another one.
std::vector<std::string> more_mechanisms(const relay::Settings& settings, bool tls,
                                         bool certified = false);

// `now`: the start of the session. `secured`: STARTTLS has succeeded.
smtp::ServerOptions dialog_options(const relay::Settings& settings,
                                   const config::ListenerConfig& listener, const Peer& peer,
                                   SystemTime now, bool secured = false);

}  // namespace signpost::submission
