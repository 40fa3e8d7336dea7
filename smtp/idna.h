// Internationalized domain names (RFC 5890, RFC 5891) as SMTP needs them.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace signpost::smtp {

// The A-label form in lower case (RFC 5891); address literals and ASCII names pass as they are.
Result<std::string> to_a_labels(std::string_view domain);

// "local@domain" with its domain in A-labels when the local part is ASCII, so that a receiver
// without SMTPUTF8 can be given it; unchanged otherwise.
std::string ascii_domain_form(const std::string& mailbox);

}  // namespace signpost::smtp
