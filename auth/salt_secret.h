// The secret that the salts of logins that do not exist are made from (auth/scram_exchange.h). It
// outlives a restart: a salt that changes would tell that there is no such login.
#pragma once

#include <string>

namespace signpost::auth {

// What the file has, which is made unless it is there; nobody but its owner may read it. A new one
// for this run when the file cannot be used: a relay with a full disk still starts. Blocks on the
// file.
std::string keep_salt_secret(const std::string& file);

}  // namespace signpost::auth
