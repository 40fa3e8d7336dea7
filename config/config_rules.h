// Rules that several keys of the configuration must keep together.
#pragma once

#include "config/config_reader.h"

namespace signpost::config {

// `root` is the file that `config` was read from. Reports conflicts at the key to change.
void check_config(const TomlValue& root, const Config& config, ConfigErrors& errors);

}  // namespace signpost::config
