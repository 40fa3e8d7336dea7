// RocksDB's files, with errors reported so that RocksDB recovers when it can.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace signpost::rocks {

// `disk`, except that a quota and a limit on file sizes are "no space left" as well, and that a
// file that cannot be opened for lack of descriptors or space may be tried again: RocksDB continues
// after both once it can. Any other write error stops it for good, and so does the sync of a
// log that finds no space.
std::shared_ptr<rocksdb::FileSystem> with_passing_faults(
    const std::shared_ptr<rocksdb::FileSystem>& disk);

}  // namespace signpost::rocks
