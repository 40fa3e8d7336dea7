#include "rocks/rocks_files.h"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace {

// Errors of a moment: somebody else's files, a quota, descriptors that come back.
constexpr std::array kPassing{EDQUOT, EFBIG, EMFILE, ENFILE};

rocksdb::IOStatus as_no_space(rocksdb::IOStatus status) {
  if (status.ok() || !status.IsIOError() || status.IsNoSpace()) return status;
  const std::string words = status.ToString();
  for (const int error : kPassing) {
    if (!words.ends_with(std::generic_category().message(error))) continue;
    status = rocksdb::IOStatus::NoSpace(words);
    status.SetRetryable(true);  // as RocksDB itself marks ENOSPC
    break;
  }
  return status;
}

class PassingFaultsFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

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
    return as_no_space(target()->Sync(options, context));
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return as_no_space(target()->Close(options, context));
  }
};

class PassingFaultsFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit PassingFaultsFileSystem(std::shared_ptr<rocksdb::FileSystem> disk)
      : FileSystemWrapper(std::move(disk)) {}

  const char* Name() const override { return "PassingFaultsFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status =
        as_no_space(target()->NewWritableFile(name, options, file, context));
    if (status.ok()) *file = std::make_unique<PassingFaultsFile>(std::move(*file));
    return status;
  }
  // Files that are opened to be read, by a merge of data files above all, need descriptors too.
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override {
    return as_no_space(target()->NewSequentialFile(name, options, file, context));
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override {
    return as_no_space(target()->NewRandomAccessFile(name, options, file, context));
  }
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* context) override {
    return as_no_space(target()->NewDirectory(name, options, directory, context));
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_passing_faults(
    std::shared_ptr<rocksdb::FileSystem> disk) {
  return std::make_shared<PassingFaultsFileSystem>(std::move(disk));
}

}  // namespace signpost::rocks
