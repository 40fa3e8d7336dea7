// Whether this account can use the relay's socket.
#pragma once

#include <optional>
#include <string>

namespace signpost::commands {

// Nothing when somebody listens at `path`, admin.socket of `config_file`, and this account may
// connect; else why not, in words that name who may.
std::optional<std::string> obstacle_at(const std::string& path, const std::string& config_file);

}  // namespace signpost::commands
