// Files in which the relay keeps things across restarts: a line that names the form, then a line
// for each thing.
#pragma once

#include "base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::config {

// The text before the next `end`, which is dropped too; nothing when there is no `end`.
std::optional<std::string_view> cut(std::string_view& text, char end);

// Calls `read` with each line after the first, which must be `title`. InvalidArgument when it is
// not, or when `read` returns false: such a line damages the whole file. `what`: what the file is
// of, in the words of that error.
Result<void> read_lines(std::string_view text, std::string_view title, std::string_view what,
                        const std::function<bool(std::string_view line)>& read);

// Blocks. Nothing if there is no such file.
Result<std::optional<std::string>> read_kept_file(const std::string& file);

}  // namespace signpost::config
