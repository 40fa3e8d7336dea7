// What the library says of a file that is not valid TOML, in the words of whoever wrote the file.
#pragma once

#include <string>
#include <string_view>

namespace signpost::config {

// The mistake in this line and column of `text`, both from 1, and how to put it right, for a
// message behind file, line and column. `complaint`: the library's. What is not known keeps the
// library's words.
std::string plain_words(std::string_view text, unsigned line, unsigned column,
                        std::string_view complaint);

}  // namespace signpost::config
