// RocksDB's files, with errors reported so that RocksDB recovers when it can.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace signpost::rocks {

// `disk`, except that a quota and a limit on file sizes are "no space left" as well: RocksDB goes
// on after that once there is space; any other error of a write stops it for good.
std::shared_ptr<rocksdb::FileSystem> space_aware(std::shared_ptr<rocksdb::FileSystem> disk);

}  // namespace signpost::rocks
