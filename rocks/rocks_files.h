// RocksDB's files, with errors reported so that RocksDB recovers when it can.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace signpost::rocks {

// `disk`, except that a quota, a limit on file sizes and a lack of descriptors are "no space left"
// as well: RocksDB goes on after that once it can; any other error of a write stops it for good.
std::shared_ptr<rocksdb::FileSystem> with_passing_faults(std::shared_ptr<rocksdb::FileSystem> disk);

}  // namespace signpost::rocks
