// A login that may submit, as users.toml has it.
#pragma once

#include <string>
#include <vector>

namespace signpost::auth {

struct User {
  std::string name;
  std::string password;  // "{ARGON2ID}$argon2id$…", "{SHA512-CRYPT}$6$…"
  std::vector<std::string>
      senders;  // "@domain" or addresses in lower case; empty: any domain with a key
};

}  // namespace signpost::auth
