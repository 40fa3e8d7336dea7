// What a client of a listener may do, by the configuration.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "net/address.h"
#include "relay/settings.h"
#include "smtp/server_dialog.h"

namespace signpost::submission {

// A client of one of the listener's trusted networks.
bool is_trusted(const config::ListenerConfig& listener, const net::IpAddress& client);

// AUTH is configured for the listener: it may be offered where credentials do not travel in clear.
bool may_authenticate(const relay::Settings& settings, const config::ListenerConfig& listener);

// `now`: the start of the session.
smtp::ServerOptions dialog_options(const relay::Settings& settings,
                                   const config::ListenerConfig& listener,
                                   const net::IpAddress& client, SystemTime now);

}  // namespace signpost::submission
