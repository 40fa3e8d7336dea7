// A disk whose power fails: a RocksDB file system that can forget everything that was not synced.
#pragma once

#include "base/mutex.h"

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace signpost::test {

// The files are real ones. What makes an octet durable is a sync of its file that came after it;
// what makes a new file's name or a rename durable is a sync of its directory. Any thread.
class PowerLossFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  PowerLossFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  // The power fails at the `operations`-th write or sync from now: that one and all after it fail.
  void fail_after(std::uint64_t operations);
  bool failed() const { return failed_.load(); }
  std::uint64_t operations() const { return operations_.load(); }  // so far

  // After the store is closed: the files become what the disk held at the failure. Of the octets
  // that were written and not synced a random number got to the disk, and sometimes garbage in
  // their place. The power is on again.
  void restore(std::mt19937_64& random);

  const char* Name() const override { return "PowerLossFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  class File;
  class Directory;

  struct Size {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };
  struct Rename {
    std::string to;
    std::optional<std::string> before;  // what was in its place
  };

  rocksdb::IOStatus step();  // one operation; fails when the power has failed
  void wrote(const std::string& name, std::uint64_t octets);
  void synced(const std::string& name);
  void directory_synced(const std::string& directory);

  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> last_{UINT64_MAX};
  std::atomic<bool> failed_{false};

  Mutex mutex_;
  std::map<std::string, Size> sizes_ GUARDED_BY(mutex_);
  std::vector<std::string> created_ GUARDED_BY(mutex_);  // whose directory was not synced since
  std::vector<Rename> renamed_ GUARDED_BY(mutex_);       // likewise, in their order
};

}  // namespace signpost::test
