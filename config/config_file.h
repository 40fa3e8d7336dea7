// Reading the configuration when only part of it is needed.
#pragma once

#include "config/config.h"

#include <string>

namespace signpost::config {

// Like load_config(), but returns a config whenever the file is valid TOML: what could not be read
// has its default. For commands that need one section: they check whether `errors` affect it, so
// that a mistake elsewhere does not keep the operator from the queue of a running relay.
LoadedConfig load_config_partly(const std::string& path);

}  // namespace signpost::config
