// Domain names as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signpost::dns {

// `name` as questions carry it: lower case, without the root's dot. Nothing unless it consists of
// labels of 1 to 63 letters, digits, hyphens and underscores, 253 octets in all. The caller has
// converted names in other scripts to A-labels.
std::optional<std::string> canonical_name(std::string_view name);

bool is_localhost(std::string_view canonical);  // RFC 6761 section 6.3

}  // namespace signpost::dns
