// What the library says of a file that is not valid TOML, in the words of whoever wrote the file.
#pragma once

#include "config/toml_position.h"

#include <string_view>

namespace signpost::config {

// The mistake that the library noticed at `place` in `text`, and how to put it right, for a message
// behind file, line and column: where it was made, which may be lines before. `complaint`: the
// library's, which is never part of the answer.
TomlError in_plain_words(std::string_view text, TomlPosition place, std::string_view complaint);

}  // namespace signpost::config
