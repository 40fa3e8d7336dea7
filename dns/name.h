// Domain names as text. Internal to dns/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signpost::dns {

// A name that can be asked for: lower case, without the root's dot. Nothing if it is none: labels
// of 1 to 63 letters, digits, hyphens and underscores, 253 octets in all. Names in other scripts
// have to be A-labels by now.
std::optional<std::string> canonical_name(std::string_view name);

bool is_localhost(std::string_view canonical);  // RFC 6761 section 6.3

}  // namespace signpost::dns
