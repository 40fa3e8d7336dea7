// What the daemon gives up before it reads a key or takes a connection.
#pragma once

#include "base/result.h"
#include "relay/settings.h"

#include <optional>
#include <string>

namespace signpost::daemon {

// For a process that was started as root, before it has threads: becomes `user` irrevocably, and
// keeps of root's rights only the one to listen on ports below 1024, which a reload may need.
// Creates `data_dir` ("": none) for that account if it does not exist. `user`: the key as written;
// nothing:
// config::kDefaultUser; "": stays root. Returns the account's name, "" when nothing changed. Does
// nothing unless the process runs as root. NotFound: there is no such account, which is a matter of
// the configuration; any other error is one of the machine.
Result<std::string> drop_privileges(const std::optional<std::string>& user,
                                    const std::string& data_dir);

// Whether a crash leaves a core file, and other processes of the same account may read the memory
// of this one (PR_SET_DUMPABLE): it holds passwords, keys and mail.
void let_look_into_us(bool allowed);

enum class DataDir { Create, Try };  // Try: reports whether it could be made, and makes nothing

// For serve and check: first becomes the account that the configuration names (drop_privileges),
// so that a file that this account cannot read is reported as a mistake. Where that fails for
// reasons of the machine the process keeps the account that it has, and `not_ready` says why; do
// not go on then. REQUIRES: no other threads yet.
relay::LoadedSettings load_settings_as_account(const std::string& config_file, DataDir data_dir);

}  // namespace signpost::daemon
