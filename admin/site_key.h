// Names of sites that may have no mail yet.
#pragma once

#include "base/result.h"
#include "config/config.h"

#include <string>
#include <string_view>

namespace signpost::admin {

// Whether it has the form of a site's key, as in logs and listings: "mx:mx.example.net".
bool is_site_key(std::string_view name);

// The key as the relay writes it: in lower case, names of hosts without a final dot.
// InvalidArgument if no mail can have such a site, or group of sites, under `config`.
// REQUIRES: is_site_key(name)
Result<std::string> site_key(const config::Config& config, std::string_view name);

}  // namespace signpost::admin
