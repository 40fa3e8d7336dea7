#include "rocks/rocks_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace {

bool says_one_of(const rocksdb::IOStatus& status, std::span<const int> errors) {
  const std::string words = status.ToString();
  return std::ranges::any_of(
      errors, [&](int error) { return words.ends_with(std::generic_category().message(error)); });
}

// For a write: an error that RocksDB itself waits out.
rocksdb::IOStatus as_no_space(rocksdb::IOStatus status) {
  constexpr std::array kFull{EDQUOT, EFBIG};
  if (!status.IsIOError() || status.IsNoSpace() || !says_one_of(status, kFull)) return status;
  status = rocksdb::IOStatus::NoSpace(status.ToString());
  status.SetRetryable(true);  // as RocksDB itself marks ENOSPC
  return status;
}

// For an open: a log file that cannot be made for lack of space would be final, an error that may
// be tried again is not.
rocksdb::IOStatus as_retryable(rocksdb::IOStatus status) {
  constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT};
  if (!status.IsIOError() || !says_one_of(status, kPassing)) return status;
  status = rocksdb::IOStatus::IOError(status.ToString());
  status.SetRetryable(true);
  return status;
}

// For the log's sync. RocksDB would wait for space and then sync the same file again, which it
// refuses with an assertion; and what such a file holds is uncertain. The next start reads it.
rocksdb::IOStatus as_final(const rocksdb::IOStatus& status) {
  if (status.ok()) return status;
  return rocksdb::IOStatus::IOError(status.ToString());
}

class PassingFaultsFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  PassingFaultsFile(std::unique_ptr<rocksdb::FSWritableFile> file, bool is_log)
      : FSWritableFileOwnerWrapper(std::move(file)), is_log_(is_log) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    return as_no_space(target()->Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    return as_no_space(target()->Append(data, options, verification, context));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status = target()->Sync(options, context);
    return is_log_ ? as_final(status) : as_no_space(status);
    // The analysis does not see that a status frees its text.
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return as_no_space(target()->Close(options, context));
  }

 private:
  const bool is_log_;
};

class PassingFaultsFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit PassingFaultsFileSystem(const std::shared_ptr<rocksdb::FileSystem>& disk)
      : FileSystemWrapper(disk) {}

  const char* Name() const override { return "PassingFaultsFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status =
        as_retryable(target()->NewWritableFile(name, options, file, context));
    if (status.ok())
      *file = std::make_unique<PassingFaultsFile>(std::move(*file), name.ends_with(".log"));
    return status;
  }
  // Files that are opened to be read, by a merge of data files above all, need descriptors too.
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override {
    return as_retryable(target()->NewSequentialFile(name, options, file, context));
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override {
    return as_retryable(target()->NewRandomAccessFile(name, options, file, context));
  }
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override {
    return as_retryable(target()->NewDirectory(name, options, directory, context));
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_passing_faults(
    const std::shared_ptr<rocksdb::FileSystem>& disk) {
  return std::make_shared<PassingFaultsFileSystem>(disk);
}

}  // namespace signpost::rocks
