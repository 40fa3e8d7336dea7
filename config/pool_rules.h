// Rules between the keys of [[source]] and [[pool]].
#pragma once

#include "config/config_reader.h"
#include "config/toml_document.h"

namespace signpost::config {

void check_pools(const TomlValue& root, const Config& config, ConfigErrors& errors);

}  // namespace signpost::config
