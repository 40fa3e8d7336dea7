// Writes a run's results: a failed write is never taken for a success.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::bench {

// Written and flushed.
Result<void> write_stdout(std::string_view text);

// Replaces an existing file. A regular file appears whole or not at all, for readers that wait for
// it.
Result<void> write_file(const std::string& path, std::string_view text);

// Whether write_file() could write there, as far as that can be known before: nothing is left
// behind and no file that exists changes.
Result<void> check_writable(const std::string& path);

// A device or a pipe may have no end: more than `most` octets are an error.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace signpost::bench
