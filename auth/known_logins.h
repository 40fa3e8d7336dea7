// Which logins are known at which clients (auth/login_guard.h), kept in a file across restarts: an
// attacker who is first after one must not lock the owners out.
#pragma once

#include "auth/login_guard.h"
#include "base/clock.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::auth {

// The form of the file: a line that names it, then "UNIX-SECONDS PREFIX LOGIN" for each pair, with
// its expiry in calendar time, which alone continues across a restart. In clear, since the
// queue beside it names logins and clients too; nobody but its owner may read it.
std::string known_logins_text(const std::vector<LoginGuard::Known>& pairs, SystemTime now);
// Those whose time has not ended. Any line that is not of this form damages the whole file.
Result<std::vector<LoginGuard::Known>> parse_known_logins(std::string_view text, SystemTime now);

// Both block on the file. Without a file nobody is known; a damaged one changes nothing.
Result<void> load_known_logins(const std::string& file, LoginGuard& logins, const Clock& clock);
Result<void> save_known_logins(const std::string& file, LoginGuard& logins, const Clock& clock);

}  // namespace signpost::auth
