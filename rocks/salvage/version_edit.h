// A record of RocksDB's MANIFEST: one change of the list of files.
//
// Pure; has a fuzz target.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::rocks {

struct VersionEdit {
  // The number that the next new file gets: those of all files that were ever listed are below it.
  // Nothing if the record does not say.
  std::optional<std::uint64_t> next_file_number;
  // The numbers of the data files that it takes off the list.
  std::vector<std::uint64_t> deleted_files;
};

// What `record` says before the first entry of a kind that is not read here.
VersionEdit read_version_edit(std::string_view record);

}  // namespace signpost::rocks
