// `signpost user import`: the logins of another program's file.
#pragma once

#include "auth/user.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace signpost::commands {

struct ImportOptions {
  bool own_address = false;   // each may send as its own address only
  bool skip_refused = false;  // instead of taking none when some lines are refused
};

struct Import {
  std::vector<auth::User> users;
  std::string left_out;  // what was refused, a line each
};

// What the file has; the error's detail has all that was refused, a line each. Passwords in clear
// are hashed, which takes a tenth of a second each.
Result<Import> read_logins(const std::string& file, const ImportOptions& options);

}  // namespace signpost::commands
