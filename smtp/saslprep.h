// SASLprep (RFC 4013): the one form of names and passwords that look the same, however a keyboard
// or a system composed them.
#pragma once

#include "base/secret_string.h"

#include <optional>
#include <string_view>

namespace signpost::smtp {

// Nothing if the text is not UTF-8 or has characters that no name and no password may have: control
// characters, private ones, both directions of writing at once. Characters that are younger than
// the RFC's Unicode 3.2, such as most emoji, stay as they are: with stored strings and queries
// treated alike (section 2.5 would refuse them in the former) both have the same form.
std::optional<SecretString> saslprep(std::string_view text);

}  // namespace signpost::smtp
