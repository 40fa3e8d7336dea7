// One next hop as `via` has it:
//
//   smtp://host[:25]  smtps://host[:465]  lmtp://host[:24]    with login[:password]@ before the
//   host lmtp:unix:/path                                           the socket of a server of this
//   machine
//
// Login and password are percent-encoded (RFC 3986 section 3.2.1).
#pragma once

#include "config/config.h"
#include "config/config_values.h"

#include <string_view>

namespace signpost::config {

// With the weight of one that has none. Its errors show no part of the text that may be a password.
ValueResult<HopConfig> parse_next_hop(std::string_view text);

}  // namespace signpost::config
