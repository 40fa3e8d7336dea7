// Whether a reload has taken something from a session that is under way.
#pragma once

#include "net/address.h"
#include "relay/settings.h"

#include <string_view>

namespace signpost::submission {

// What a session goes by: `settings` when it began, and what it was since.
struct Standing {
  const relay::Settings& settings;
  std::string_view listener;  // its name
  const net::IpAddress& client;
  std::string_view login;  // "" when not authenticated
};

// True when by the settings `now` in force the client may be no longer trusted, or its login may be
// another one or may send as others than before. A session then ends at its next MAIL: what it may
// do is decided when it comes again. Pure.
bool is_revoked(const Standing& standing, const relay::Settings& now);

}  // namespace signpost::submission
