// The known MTA-STS policies, kept in a file across restarts: a relay that has forgotten them is
// open to whoever can hide a policy from it.
#pragma once

#include "base/result.h"
#include "mta_sts/policies.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::mta_sts {

// The form of the file: a line that names it, then "UNIX-SECONDS ID DOMAIN\tLINE\tLINE…" for each
// policy, with the time of its last fetch and the lines of its text.
std::string policies_text(const std::vector<Policies::Entry>& entries);
// Any line that is not of this form damages the whole file.
Result<std::vector<Policies::Entry>> parse_policies(std::string_view text);

// Both block on the file. Without a file no policy is known; a damaged one changes nothing.
Result<void> load_policies(const std::string& file, Policies& policies);
Result<void> save_policies(const std::string& file, Policies& policies);

}  // namespace signpost::mta_sts
