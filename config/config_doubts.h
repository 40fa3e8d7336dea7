// What the configuration may say but probably does not mean.
#pragma once

#include "config/config_reader.h"

#include <string>
#include <vector>

namespace signpost::config {

// Tables that can have no effect because one before them takes all that they match. `path` is the
// file's name in messages.
std::vector<ConfigError> doubts_about(const TomlValue& root, const Config& config,
                                      const std::string& path);

}  // namespace signpost::config
