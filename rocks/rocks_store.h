// The Store on RocksDB: docs/queue-format.md owns the bytes. Nobody outside of queue/ sees a type
// of RocksDB.
#pragma once

#include "base/result.h"
#include "queue/store.h"

#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace signpost::rocks {

struct RocksOptions {
  std::size_t write_buffer_size = 64 << 20;  // of the content family
  std::size_t block_cache_size = 32 << 20;
  bool sync = true;  // tests of throughput only; never a configuration default
  std::shared_ptr<rocksdb::FileSystem> file_system{};  // tests of faults; else the machine's own
};

// Opens or creates the queue in `directory`. A format that is newer than this program's is refused
// and left untouched; the error says what to do. Another process that holds it is an error too. A
// queue that is damaged is replaced by what can be read of it, and kept beside it with a report of
// what is missing: docs/queue-format.md.
Result<std::unique_ptr<queue::Store>> open_rocks_store(const std::string& directory,
                                                       const RocksOptions& options);

}  // namespace signpost::rocks
