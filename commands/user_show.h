// What a login may and what it has used of it, as the running relay knows it.
#pragma once

#include <string>

namespace signpost::commands {

// The exit code.
int show_user(const std::string& name, bool json, const std::string& config_file);

}  // namespace signpost::commands
