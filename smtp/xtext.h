// The encoding of ENVID, ORCPT and AUTH parameters (RFC 3461 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signpost::smtp {

// Printable ASCII other than "+" and "=" is unchanged, everything else becomes "+" and two
// hexadecimal digits. Decoding gives nothing if `text` is not xtext.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);

}  // namespace signpost::smtp
