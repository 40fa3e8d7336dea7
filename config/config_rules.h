// What keys of the configuration must fulfil together, and the defaults that depend on others.
#pragma once

#include "config/config_reader.h"

namespace signpost::config {

// `root` is the file that `config` was read from. Reports what does not fit at the key to change.
void check_config(const TomlValue& root, const Config& config, ConfigErrors& errors);

}  // namespace signpost::config
