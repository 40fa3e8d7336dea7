// A record of RocksDB's MANIFEST: one change of the list of files.
//
// Pure; has a fuzz target.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::rocks {

// The number that the next new file gets: those of all files that were ever listed are below it.
// Nothing if the record does not say.
std::optional<std::uint64_t> next_file_number(std::string_view record);

}  // namespace signpost::rocks
