// The disk that the queue is on: what its size means for the store, and space reserved for a
// start when others have filled it.
#pragma once

#include "rocks/options.h"

#include <cstdint>
#include <optional>
#include <string>

namespace signpost::rocks {

struct DiskRoom {
  std::uint64_t size = 0;  // octets, of the file system
  std::uint64_t free = 0;  // for us
};
std::optional<DiskRoom> disk_room(const std::string& directory);

// On a disk below 4 GiB memtables, log and blob files are sized as shares of it, so that there is
// room for the mail and for merging beside what the store needs to run.
Options fit_to_disk(Options options, std::uint64_t disk_size);

// How a queue is opened whose log has `log_size` octets: frugally, if the disk has no room to
// write that out.
Options fit_to_room(Options options, const DiskRoom& room, std::uint64_t log_size);

// The reserve is a file beside `directory`, of a 64th of the disk, from 1 to 16 MiB.
// Makes it, if it is missing and the disk has room for ten of them.
void keep_reserve(const std::string& directory);
// Gives its space to the queue if the disk has less than that left; true if it did.
bool use_reserve(const std::string& directory);

}  // namespace signpost::rocks
