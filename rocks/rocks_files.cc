#include "rocks/rocks_files.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace {

rocksdb::IOStatus as_no_space(rocksdb::IOStatus status) {
  if (status.ok() || !status.IsIOError() || status.IsNoSpace()) return status;
  const std::string words = status.ToString();
  for (const int error : {EDQUOT, EFBIG}) {
    if (!words.ends_with(std::generic_category().message(error))) continue;
    status = rocksdb::IOStatus::NoSpace(words);
    status.SetRetryable(true);  // as RocksDB itself marks ENOSPC
    break;
  }
  return status;
}

class SpaceAwareFile final : public rocksdb::FSWritableFileOwnerWrapper {
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

class SpaceAwareFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit SpaceAwareFileSystem(std::shared_ptr<rocksdb::FileSystem> disk)
      : FileSystemWrapper(std::move(disk)) {}

  const char* Name() const override { return "SpaceAwareFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    const rocksdb::IOStatus status =
        as_no_space(target()->NewWritableFile(name, options, file, context));
    if (status.ok()) *file = std::make_unique<SpaceAwareFile>(std::move(*file));
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> space_aware(std::shared_ptr<rocksdb::FileSystem> disk) {
  return std::make_shared<SpaceAwareFileSystem>(std::move(disk));
}

}  // namespace signpost::rocks
