// Internationalized domain names (RFC 5890, RFC 5891) as SMTP needs them.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace signpost::smtp {

// The A-label form in lower case (RFC 5891); address literals and ASCII names pass as they are.
Result<std::string> to_a_labels(std::string_view domain);

// A domain or "local@domain" with its domain in the form that is compared: A-labels in lower case.
// Unchanged if it has no such form.
std::string with_a_labels(std::string_view address);

// The same for people to read: the domain in U-labels, if these map back to the same domain.
std::string with_u_labels(std::string_view address);

// A text of ours with each domain in it in U-labels, for people to read. What touches a "/" stays:
// it is part of a file's name or of a URL. So does a local part.
std::string text_with_u_labels(std::string_view text);
// The way back, for what people copy from such a text.
std::string text_with_a_labels(std::string_view text);

}  // namespace signpost::smtp
