// How a queue on RocksDB is opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace signpost::rocks {

// Of content on its way to data files. Mail that leaves quickly never gets there, and costs
// nothing.
enum class Compression : std::uint8_t { None, Lz4, Zstd };

struct Options {
  std::size_t write_buffer_size = 64 << 20;  // of the content family
  std::size_t block_cache_size = 32 << 20;
  std::size_t max_log_size = 128 << 20;   // beyond: memtables are written out; a start replays it
  std::size_t blob_file_size = 64 << 20;  // of content that stays
  std::size_t open_files = 256;           // that the store keeps open, at least 20
  Compression compression = Compression::Zstd;
  bool sync = true;  // tests of throughput only; never a configuration default
  // Opening writes as little as possible: what the log has stays there and in memory. For a full
  // disk.
  bool frugal = false;
  std::size_t carry_over_batch = 4'000;  // jobs of a former format that are rewritten at once
  std::shared_ptr<rocksdb::FileSystem> file_system{};  // tests of faults; else the machine's own
};

}  // namespace signpost::rocks
