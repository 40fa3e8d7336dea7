// How `signpost user` changes users.toml: by lines, so that comments and everything else stay as
// they are. The result of each edit is parsed, and refused if it is not what was intended.
#pragma once

#include "auth/users.h"
#include "base/result.h"

#include <string>
#include <vector>

namespace signpost::auth {

// `old` is the text of `file`, which is only named in errors. See add_user() and remove_user().
Result<std::string> with_user(const std::string& old, const std::string& file, const User& user,
                              bool replace);
// All of them, or none. REQUIRES: no name twice
Result<std::string> with_users(const std::string& old, const std::string& file,
                               const std::vector<User>& users, bool replace);
Result<std::string> without_user(const std::string& old, const std::string& file,
                                 const std::string& name);

}  // namespace signpost::auth
