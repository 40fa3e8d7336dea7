// What the daemon gives up before it reads a key or takes a connection.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>

namespace signpost::relay {

// The account of Debian's package; without it, and without a `user` key, root stays root.
constexpr const char* kDefaultUser = "signpost";

// For a process that was started as root, before it has threads: becomes `user` for good, with
// nothing left of root but the right to listen on ports below 1024, which a reload may need. Makes
// `data_dir` ("": none) theirs if it is not there yet. `user`: the key as written; nothing:
// kDefaultUser if there is such an account; "": stays root. Returns the account's name, "" when
// nothing changed. Does nothing for a process that is not root's.
Result<std::string> drop_privileges(const std::optional<std::string>& user,
                                    const std::string& data_dir);

}  // namespace signpost::relay
