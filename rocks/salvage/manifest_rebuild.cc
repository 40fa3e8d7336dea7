#include "rocks/salvage/manifest_rebuild.h"

#include "rocks/rocks_database.h"
#include "rocks/salvage/salvage_sources.h"

#include <fmt/format.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>

namespace signpost::rocks {

namespace fs = std::filesystem;

namespace {

// The families that a salvage reads. RocksDB numbers families in the order of their creation, so
// these have the same numbers in every queue.
constexpr std::array kNeeded{kContent, kEnvelope, kJob};

std::set<std::string> families_in(const std::string& directory) {
  std::set<std::string> families;
  for (const std::string& file : files_of(directory, ".sst")) {
    rocksdb::SstFileReader reader{rocksdb::Options()};
    if (reader.Open(file).ok()) families.insert(reader.GetTableProperties()->column_family_name);
  }
  return families;
}

std::uint64_t next_number(const std::string& directory) {
  std::uint64_t next = 1;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    std::string name = entry.path().filename();
    name.erase(0, name.find_first_of("0123456789"));
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    next = std::max(next, number + 1);
  }
  return next;
}

rocksdb::Status make_data_file(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family) {
  rocksdb::Status status = db.Delete({}, family, "nothing");
  if (status.ok()) status = db.Flush({}, family);
  return status;
}

// Families are known by their data files alone: those that have none get one with a removal of
// nothing in it.
Result<void> add_families(const std::string& directory, const std::string& scratch) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, scratch + "/db", &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  for (const Family each : kNeeded) {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    if (status.ok()) status = db->CreateColumnFamily({}, kFamilyNames[each], &family);
    if (status.ok()) status = make_data_file(*db, family);
    if (family != nullptr) (void)db->DestroyColumnFamilyHandle(family);
  }
  if (!status.ok()) return failure(status, "writing " + scratch);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  const std::set<std::string> there = families_in(directory);
  std::uint64_t number = next_number(directory);
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (there.contains(file.column_family_name)) continue;
    std::error_code error;
    fs::create_hard_link(scratch + "/db/" + file.relative_filename,
                         fmt::format("{}/{:06}.sst", directory, number++), error);
    if (error) return fail(Errc::Io, "writing " + directory + ": " + error.message());
  }
  return {};
}

Result<void> move_logs(const std::string& from, const std::string& to) {
  for (const std::string& log : files_of(from, ".log")) {
    std::error_code error;
    fs::rename(log, fs::path(to) / fs::path(log).filename(), error);
    if (error) return fail(Errc::Io, "moving " + log + ": " + error.message());
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> rebuild_manifest(const std::string& directory,
                                                  const std::string& scratch) {
  std::error_code error;
  fs::create_directory(scratch, error);
  if (error) return fail(Errc::Io, "making " + scratch + ": " + error.message());
  if (auto added = add_families(directory, scratch); !added) return Failure(added.error());
  // RocksDB would turn the logs into data files, and then find rows twice that data files have too.
  // With the logs back in place, opening the database reads them as always.
  if (auto moved = move_logs(directory, scratch); !moved) return Failure(moved.error());
  if (auto listed = Database::list_all_files(directory); !listed) return Failure(listed.error());
  if (auto moved = move_logs(scratch, directory); !moved) return Failure(moved.error());
  return files_of(directory + "/lost", ".sst");  // where RocksDB puts what it cannot read
}

}  // namespace signpost::rocks
