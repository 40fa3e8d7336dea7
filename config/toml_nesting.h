// What is open at a place of a TOML file, for messages about what was never closed: the library
// notices that lines later.
#pragma once

#include "config/toml_position.h"

#include <optional>
#include <string_view>

namespace signpost::config {

struct TomlOpening {
  enum class Kind { List, InlineTable, LongText };  // long: of several lines, in """ or '''
  Kind kind = Kind::List;
  TomlPosition position;  // of its bracket, brace or first quote
  char mark = '[';
};

// The innermost one that is opened before `place` and not closed there. REQUIRES: what comes before
// `place` is TOML; of anything else the answer is of no use, and that is all.
std::optional<TomlOpening> opening_at(std::string_view text, TomlPosition place);

}  // namespace signpost::config
