#include "tests/support/power_loss_file_system.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>
#include <utility>

namespace signpost::test {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

std::string directory_of(const std::string& name) {
  return std::filesystem::path(name).parent_path().string();
}

std::string name_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::optional<std::string> read(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void write(const std::string& name, const std::string& octets) {
  std::ofstream(name, std::ios::binary | std::ios::trunc) << octets;
}

}  // namespace

class PowerLossFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(PowerLossFileSystem& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    IOStatus status = disk_.step("write", name_, data.size());
    if (status.ok()) status = target()->Append(data, options, context);
    if (status.ok()) disk_.wrote(name_, data.size());
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    IOStatus status = disk_.step("sync", name_);
    if (status.ok()) status = target()->Flush(options, context);
    if (status.ok()) disk_.synced(name_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }
  // Begins to write what it may, and promises nothing.
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                     IODebugContext* /*context*/) override {
    return disk_.step("range sync", name_);
  }

 private:
  PowerLossFileSystem& disk_;
  const std::string name_;
};

class PowerLossFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(PowerLossFileSystem& disk, std::string name,
            std::unique_ptr<rocksdb::FSDirectory>&& directory)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*context*/) override {
    IOStatus status = disk_.step("sync directory", name_);
    if (status.ok()) disk_.directory_synced(name_);
    return status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions& /*reason*/) override {
    return Fsync(options, context);
  }

 private:
  PowerLossFileSystem& disk_;
  const std::string name_;
};

void PowerLossFileSystem::fail_after(std::uint64_t operations) {
  last_.store(operations_.load() + operations);
}

void PowerLossFileSystem::fail_at_sync_of(std::string prefix, std::uint64_t nth) {
  const MutexLock lock(mutex_);
  doomed_ = std::move(prefix);
  doomed_syncs_ = nth;
}

IOStatus PowerLossFileSystem::step(std::string_view operation, const std::string& name,
                                   std::uint64_t octets) {
  const MutexLock lock(mutex_);
  const std::uint64_t number = operations_.fetch_add(1);
  const bool was_on = !failed();
  if (number >= last_.load()) failed_.store(true);
  if (doomed_syncs_ > 0 && operation == "sync" && name_of(name).starts_with(doomed_)) {
    --doomed_syncs_;
    if (doomed_syncs_ == 0) failed_.store(true);
  }
  if (was_on) {
    note(fmt::format("{} {} {}{}{}", number, operation, name,
                     octets == 0 ? "" : fmt::format(", {} octets", octets),
                     failed() ? ": no power" : ""));
  }
  return failed() ? IOStatus::IOError("no power") : IOStatus::OK();
}

void PowerLossFileSystem::note(std::string line) {
  constexpr std::size_t kLines = 200;
  if (history_.size() == kLines) history_.pop_front();
  history_.push_back(std::move(line));
}

void PowerLossFileSystem::wrote(const std::string& name, std::uint64_t octets) {
  const MutexLock lock(mutex_);
  sizes_[name].written += octets;
}

void PowerLossFileSystem::synced(const std::string& name) {
  const MutexLock lock(mutex_);
  Size& size = sizes_[name];
  size.synced = size.written;
}

void PowerLossFileSystem::directory_synced(const std::string& directory) {
  const std::filesystem::path synced(directory);
  const auto is_in = [&](const std::string& name) {
    return std::filesystem::path(directory_of(name)).lexically_normal() ==
           (synced / "").lexically_normal().parent_path();
  };
  const MutexLock lock(mutex_);
  std::erase_if(created_, is_in);
  std::erase_if(renamed_, [&](const Rename& rename) { return is_in(rename.to); });
}

IOStatus PowerLossFileSystem::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext* context) {
  // Without power too, so that only writes fail; restore() takes it away. RocksDB 7.8 forgets to
  // release families when it cannot create the next log, and its destructor asserts that it did.
  (void)step("create", name);
  IOStatus status = target()->NewWritableFile(name, options, file, context);
  if (!status.ok()) return status;
  {
    const MutexLock lock(mutex_);
    sizes_[name] = {};
    created_.push_back(name);
  }
  *file = std::make_unique<File>(*this, name, std::move(*file));
  return status;
}

IOStatus PowerLossFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                           std::unique_ptr<rocksdb::FSDirectory>* directory,
                                           IODebugContext* context) {
  const IOStatus status = target()->NewDirectory(name, options, directory, context);
  if (status.ok()) *directory = std::make_unique<Directory>(*this, name, std::move(*directory));
  return status;
}

IOStatus PowerLossFileSystem::RenameFile(const std::string& from, const std::string& to,
                                         const IOOptions& options, IODebugContext* context) {
  IOStatus status = step("rename", from + " to " + to);
  if (!status.ok()) return status;
  const MutexLock lock(mutex_);
  std::optional<std::string> before = read(to);
  status = target()->RenameFile(from, to, options, context);
  if (!status.ok()) return status;
  sizes_[to] = std::exchange(sizes_[from], {});
  std::erase(created_, from);
  renamed_.push_back({to, std::move(before)});
  return status;
}

// Files that are deleted stay deleted, which is the harder of what a disk may do to them.
IOStatus PowerLossFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                         IODebugContext* context) {
  IOStatus status = step("delete", name);
  if (status.ok() && !deletes_.load()) return status;
  if (status.ok()) status = target()->DeleteFile(name, options, context);
  if (!status.ok()) return status;
  const MutexLock lock(mutex_);
  sizes_.erase(name);
  std::erase(created_, name);
  return status;
}

void PowerLossFileSystem::restore(std::mt19937_64& random, Unsynced unsynced) {
  const MutexLock lock(mutex_);
  for (const auto& [name, size] : sizes_) {
    if (size.written == size.synced) continue;
    auto octets = read(name);
    if (!octets) continue;
    const std::uint64_t kept = unsynced == Unsynced::AtRandom
                                   ? size.synced + random() % (size.written - size.synced + 1)
                                   : size.written;
    const bool garbled =
        unsynced == Unsynced::Garbled || (unsynced == Unsynced::AtRandom && random() % 2 == 0);
    octets->resize(kept);
    const std::uint64_t half = size.synced + (size.written - size.synced) / 2;
    for (std::uint64_t i = size.synced; i < kept; ++i) {
      char& octet = (*octets)[i];
      if (unsynced == Unsynced::Zeros || (unsynced == Unsynced::Torn && i >= half)) octet = '\0';
      if (garbled && random() % 64 == 0) octet = static_cast<char>(random());
    }
    note(fmt::format("restore: {} has {} of {} octets, {} of them synced{}", name, kept,
                     size.written, size.synced, garbled ? ", garbage among the others" : ""));
    write(name, *octets);
  }
  for (const Rename& rename : std::views::reverse(renamed_)) {
    note(fmt::format("restore: {} is {}", rename.to, rename.before ? "as before" : "gone"));
    if (rename.before) {
      write(rename.to, *rename.before);
    } else {
      std::filesystem::remove(rename.to);
    }
  }
  for (const std::string& name : created_) {
    note(fmt::format("restore: {} is gone", name));
    std::filesystem::remove(name);
  }
  sizes_.clear();
  created_.clear();
  renamed_.clear();
  last_.store(UINT64_MAX);
  doomed_syncs_ = 0;
  deletes_.store(true);
  failed_.store(false);
}

std::string PowerLossFileSystem::history(const std::string& directory) const {
  const MutexLock lock(mutex_);
  std::string lines;
  for (const std::string& line : history_) lines.append(line).append(1, '\n');
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    lines += fmt::format("there: {}, {} octets\n", entry.path().string(), entry.file_size());
  }
  return lines;
}

}  // namespace signpost::test
