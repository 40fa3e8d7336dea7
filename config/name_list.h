// Files of domains, a line each, as control panels keep them. They may be long: what is read from
// them is sorted, and searched.
#pragma once

#include "base/result.h"
#include "config/config_values.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::config {

// The lines of `text`, each through `parse`, sorted, each once. Blanks around a line, empty lines
// and those that begin with "#" do not matter. The error's detail names the line: `line 3: "x" is
// not an address`.
Result<std::vector<std::string>> parse_name_list(
    std::string_view text, ValueResult<std::string> (*parse)(std::string_view));
// Reads it from a file. Blocks; the detail does not name the file.
Result<std::vector<std::string>> read_name_list(
    const std::string& path, ValueResult<std::string> (*parse)(std::string_view));

}  // namespace signpost::config
