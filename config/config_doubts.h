// What the configuration may say but its author probably did not intend.
#pragma once

#include "config/config_reader.h"

#include <string>
#include <vector>

namespace signpost::config {

// Tables that have no effect because an earlier one takes all that they match. `path` is the
// file's name in messages.
std::vector<ConfigError> doubts_about(const TomlValue& root, const Config& config,
                                      const std::string& path);

}  // namespace signpost::config
