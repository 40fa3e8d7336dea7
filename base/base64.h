// Base64 of RFC 4648, strict: AUTH must refuse what is not base64 (RFC 4954 section 4).
#pragma once

#include "base/secret_string.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::base64 {

std::string encode(std::string_view bytes);

// Nothing if the text is not exactly one padded base64 string (no blanks, no line ends).
std::optional<std::string> decode(std::string_view text);
// The same for what must leave no copy behind.
std::optional<SecretString> decode_secret(std::string_view text);
// The URL-safe alphabet without padding (RFC 4648 section 5, RFC 7515 section 2), as strict.
std::optional<std::string> decode_url(std::string_view text);

}  // namespace signpost::base64
