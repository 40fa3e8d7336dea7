#include "rocks/salvage/workplace.h"

#include "rocks/rocks_database.h"

#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace fs = std::filesystem;

namespace {

Failure failed(std::string_view what, const std::error_code& error) {
  return fail(Errc::Io, fmt::format("{}: {}", what, error.message()));
}

Result<void> sync(const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  const auto& disk = rocksdb::FileSystem::Default();
  rocksdb::IOStatus status = disk->NewDirectory(path, {}, &directory, nullptr);
  if (status.ok()) status = directory->Fsync({}, nullptr);
  if (!status.ok()) return failure(status, "writing " + path);
  return {};
}

}  // namespace

Workplace::Workplace(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + ".salvage") {}

Result<void> Workplace::make() const {
  std::error_code error;
  fs::remove_all(path_, error);
  if (!error) fs::create_directories(new_queue(), error);
  if (!error) fs::permissions(path_, fs::perms::owner_all, error);
  if (error) return failed("making " + path_, error);
  return {};
}

Result<void> Workplace::make_view() const {
  const std::string into = view();
  std::error_code error;
  fs::create_directories(into, error);
  for (const auto& entry : fs::directory_iterator(directory_, error)) {
    const fs::path& file = entry.path();
    const std::string kind = file.extension();
    const fs::path target = fs::path(into) / file.filename();
    if (kind == ".sst" || kind == ".blob" || kind == ".log") {
      fs::create_hard_link(file, target, error);
    } else if (entry.is_regular_file(error) && file.filename() != "LOCK") {
      fs::copy_file(file, target, error);
    }
    if (error) return failed("copying " + file.string(), error);
  }
  if (error) return failed("reading " + directory_, error);
  return {};
}

// The damaged queue moves first, then the new one takes its place; finish_swap() completes a swap
// interrupted in between.
Result<void> Workplace::swap(const std::string& kept) const {
  std::error_code error;
  for (const std::string& each : {view(), families()}) fs::remove_all(each, error);
  // A plan that is empty after a power failure would leave the queue where it was moved to.
  const rocksdb::Status written =
      rocksdb::WriteStringToFile(rocksdb::Env::Default(), kept, plan() + ".new", true);
  if (!written.ok()) return failure(written, "writing " + plan());
  fs::rename(plan() + ".new", plan(), error);
  if (error) return failed("writing " + plan(), error);
  if (auto synced = sync(new_queue()); !synced) return synced;
  if (auto synced = sync(path_); !synced) return synced;
  return finish_swap();
}

Result<void> Workplace::finish_swap() const {
  std::ifstream in(plan());
  std::string kept;
  if (!std::getline(in, kept) || kept.empty()) return {};
  std::error_code error;
  if (!fs::exists(kept)) fs::rename(directory_, kept, error);
  if (!error && fs::exists(new_queue())) fs::rename(new_queue(), directory_, error);
  if (error) return failed("putting the salvaged queue in its place", error);
  // The report and what could be read of missing messages stay with the damaged queue.
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    if (entry.path() == plan()) continue;
    fs::rename(entry.path(), fs::path(kept) / entry.path().filename(), error);
  }
  if (error) return failed("moving the report to " + kept, error);
  if (auto synced = sync(kept); !synced) return synced;
  if (auto synced = sync(fs::path(directory_).parent_path()); !synced) return synced;
  fs::remove_all(path_, error);
  return {};
}

void Workplace::discard() const {
  std::error_code error;
  if (!fs::exists(plan(), error)) fs::remove_all(path_, error);
}

}  // namespace signpost::rocks
