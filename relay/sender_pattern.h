// Whether a sender is one of those that a [[route]] or a [[pool]] is for.
#pragma once

#include "smtp/address.h"

#include <string>

namespace signpost::relay {

// `pattern`: "" is the null reverse-path; else lower case, with the domain in A-labels.
bool sender_matches(const std::string& pattern, const smtp::ReversePath& reverse_path);

}  // namespace signpost::relay
