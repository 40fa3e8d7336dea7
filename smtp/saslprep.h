// SASLprep (RFC 4013): the one form of names and passwords that look the same, however a keyboard
// or a system composed them.
#pragma once

#include "base/secret_string.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::smtp {

// Nothing if the text is not UTF-8 or has characters that no name and no password may have: control
// characters, private ones, both directions of writing at once. Characters that are younger than
// the RFC's Unicode 3.2, such as most emoji, stay as they are: with stored strings and queries
// treated alike (section 2.5 would refuse them in the former) both have the same form.
std::optional<SecretString> saslprep(std::string_view text);

// A name in its prepared form. One that has none, or of which nothing would be left, stays as it
// is: it is nobody's, but not empty either, which as an authorization identity would mean "my own".
std::string prepared_name(std::string_view name);

}  // namespace signpost::smtp
