// The keys of [[route]] that no form in value_forms.h fits.
#pragma once

#include "config/config_reader.h"
#include "config/config_values.h"

#include <string>
#include <string_view>

namespace signpost::config {

Key<RouteConfig> via_key();
Key<RouteConfig> auth_key();
// A login of this relay, as clients name it.
ValueResult<std::string> parse_route_login(std::string_view text);

}  // namespace signpost::config
