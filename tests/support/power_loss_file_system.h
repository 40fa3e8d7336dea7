// A disk whose power fails: a RocksDB file system that can forget everything that was not synced.
#pragma once

#include "base/mutex.h"

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::test {

// The files are real ones. What makes an octet durable is a sync of its file that came after it;
// what makes a new file's name or a rename durable is a sync of its directory. Any thread.
class PowerLossFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  PowerLossFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  // The power fails at the `operations`-th operation from now: that one and all after it fail, but
  // for the creation of files.
  void fail_after(std::uint64_t operations);
  // The same, at the `nth` sync from now of a file whose name begins with `prefix`.
  void fail_at_sync_of(std::string prefix, std::uint64_t nth);
  // From now no file is deleted, as if the power always failed before RocksDB's thread gets to it.
  void put_off_deletions() { deletes_.store(false); }
  bool failed() const { return failed_.load(); }
  std::uint64_t operations() const { return operations_.load(); }  // so far

  // The fate of octets that were written and not synced. Their sync alone would have said
  // that they are on the disk: before it, a file's length may get there without its octets, some
  // sectors of a write without the others, or nothing.
  enum class Unsynced {
    AtRandom,  // a random number of them got to the disk, sometimes with garbage in their place
    Torn,      // their number and the first half of them did
    Zeros,     // their number did
    Garbled,   // all of them did, some wrong
  };
  // After the store is closed: the files become what the disk held at the failure. The power is on
  // again.
  void restore(std::mt19937_64& random, Unsynced unsynced = Unsynced::AtRandom);

  // For a test that failed: the latest operations before the last restore(), what that did, and
  // the files in `directory` now. A line each.
  std::string history(const std::string& directory) const;

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

  // One operation; fails when the power has failed.
  rocksdb::IOStatus step(std::string_view operation, const std::string& name,
                         std::uint64_t octets = 0);
  void note(std::string line) REQUIRES(mutex_);
  void wrote(const std::string& name, std::uint64_t octets);
  void synced(const std::string& name);
  void directory_synced(const std::string& directory);

  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> last_{UINT64_MAX};
  std::atomic<bool> failed_{false};
  std::atomic<bool> deletes_{true};

  mutable Mutex mutex_;
  std::string doomed_ GUARDED_BY(mutex_);  // of fail_at_sync_of()
  std::uint64_t doomed_syncs_ GUARDED_BY(mutex_) = 0;
  std::deque<std::string> history_ GUARDED_BY(mutex_);
  std::map<std::string, Size> sizes_ GUARDED_BY(mutex_);
  std::vector<std::string> created_ GUARDED_BY(mutex_);  // whose directory was not synced since
  std::vector<Rename> renamed_ GUARDED_BY(mutex_);       // likewise, in their order
};

}  // namespace signpost::test
