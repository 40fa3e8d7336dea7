// Reading the configuration when only a part of it is wanted.
#pragma once

#include "config/config.h"
#include <string>

namespace signpost::config {

// As load_config(), but the config is there as long as the file is TOML at all: what could not be
// read has its default. For commands that need one section: look whether `errors` name it, so that
// a mistake elsewhere does not keep the operator from the queue of a running relay.
LoadedConfig load_config_partly(const std::string& path);

}  // namespace signpost::config
