// Whether a reload has revoked something from a session under way.
#pragma once

#include "net/address.h"
#include "relay/settings.h"

#include <string_view>

namespace signpost::submission {

// What a session relies on: `settings` when it began, and its client and login.
struct Standing {
  const relay::Settings& settings;
  std::string_view listener;  // its name
  const net::IpAddress& client;
  std::string_view login;  // "" when not authenticated
};

// True when under the settings `now` in force the client may no longer be trusted, or its login may
// be another one or have other senders than before. A session then ends at its next MAIL: what it
// may do is decided when it comes again. Pure.
bool is_revoked(const Standing& standing, const relay::Settings& now);

}  // namespace signpost::submission
