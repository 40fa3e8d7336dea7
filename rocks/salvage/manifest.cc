#include "rocks/salvage/manifest.h"

#include "rocks/rocks_database.h"
#include "rocks/salvage/log_records.h"
#include "rocks/salvage/salvage_sources.h"
#include "rocks/salvage/version_edit.h"
#include "rocks/salvage/workplace.h"

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

namespace signpost::rocks {

namespace fs = std::filesystem;

namespace {

std::string manifest_in(const std::string& directory) {
  std::ifstream current(directory + "/CURRENT");
  std::string name;
  std::getline(current, name);
  return directory + "/" + name;
}

// The keys that the log of a queue puts or removes, whatever happened to them later.
class LoggedKeys final : public rocksdb::WriteBatch::Handler {
 public:
  explicit LoggedKeys(const std::string& directory) {
    LogReader reader;
    for (const std::string& file : files_of(directory, ".log")) {
      reader.read(octets_of(file), [&](std::string_view record) {
        (void)rocksdb::WriteBatch(std::string(record)).Iterate(this);
      });
    }
  }

  bool has(std::uint32_t family, const rocksdb::Slice& key) const {
    return keys_.contains(name(family, key));
  }

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& /*value*/) override {
    return add(family, key);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    return add(family, key);
  }
  rocksdb::Status SingleDeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    return add(family, key);
  }

 private:
  static std::string name(std::uint32_t family, const rocksdb::Slice& key) {
    return std::to_string(family).append(1, ':').append(view(key));
  }
  rocksdb::Status add(std::uint32_t family, const rocksdb::Slice& key) {
    keys_.insert(name(family, key));
    return {};
  }

  std::unordered_set<std::string> keys_;
};

std::uint64_t number_of(const std::string& file) {
  const std::string name = fs::path(file).stem();
  std::uint64_t number = 0;
  (void)std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

using FileNumbers = std::set<std::uint64_t>;

// Whether each row in the data files from number `first` on that `database` does not list is in it
// or in its log. Files that were on the list and are `replaced` hold rows that came to others, or
// were removed. A file that cannot be opened was never finished.
bool knows_all_rows(const Database& database, std::uint64_t first, const FileNumbers& replaced) {
  const std::string& directory = database.db().GetName();
  std::vector<rocksdb::LiveFileMetaData> live;
  database.db().GetLiveFilesMetaData(&live);
  std::set<std::string> listed;
  for (const rocksdb::LiveFileMetaData& each : live) {
    listed.insert(fs::path(each.relative_filename).filename());
  }
  std::optional<LoggedKeys> logged;
  for (const std::string& file : files_of(directory, ".sst")) {
    const std::uint64_t number = number_of(file);
    if (number < first || replaced.contains(number)) continue;
    if (listed.contains(fs::path(file).filename())) continue;
    rocksdb::SstFileReader reader{rocksdb::Options()};
    if (!reader.Open(file).ok()) continue;
    const std::string name = reader.GetTableProperties()->column_family_name;
    const auto family = std::ranges::find(kFamilyNames, name);
    if (family == kFamilyNames.end()) continue;
    rocksdb::ColumnFamilyHandle* const handle =
        database[static_cast<Family>(family - kFamilyNames.begin())];
    if (handle == nullptr) return false;
    const std::unique_ptr<rocksdb::Iterator> rows(reader.NewIterator(bounded(nullptr)));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      rocksdb::PinnableSlice value;
      if (database.db().Get({}, handle, rows->key(), &value).ok()) continue;
      if (!logged) logged.emplace(directory);
      if (!logged->has(handle->GetID(), rows->key())) return false;
    }
    if (!rows->status().ok()) return false;
  }
  return true;
}

// As far as it can be read.
struct Read {
  std::uint64_t size = 0;
  std::uint64_t whole = 0;  // where its last whole record ends
  bool goes_on = false;     // with whole ones after it
  std::uint64_t next_file = 0;
  FileNumbers replaced;
};

Read read(const std::string& manifest) {
  LogReader reader;
  const std::string octets = octets_of(manifest);
  Read found;
  reader.read(octets, [&](std::string_view record) {
    const VersionEdit edit = read_version_edit(record);
    found.next_file = std::max(found.next_file, edit.next_file_number.value_or(0));
    found.replaced.insert(edit.deleted_files.begin(), edit.deleted_files.end());
  });
  found.size = octets.size();
  found.whole = reader.whole();
  found.goes_on = reader.goes_on_past_damage();
  return found;
}

// A data file that is younger than the list is one that a crash kept from being listed: the log
// still has its rows, or the files that it was made of. If not, the list has lost its end.
bool lists_what_is_younger(const std::string& directory, std::uint64_t next_file) {
  const auto files = files_of(directory, ".sst");
  if (std::ranges::all_of(files,
                          [&](const std::string& file) { return number_of(file) < next_file; })) {
    return true;
  }
  const auto seen = Database::look_at_all(directory);
  return seen && knows_all_rows(**seen, next_file, {});
}

}  // namespace

bool manifest_is_whole(const std::string& directory) {
  const Read found = read(manifest_in(directory));
  return found.size > 0 && found.whole == found.size &&
         lists_what_is_younger(directory, found.next_file);
}

Result<bool> drop_unfinished_end_of_manifest(const std::string& directory) {
  const std::string manifest = manifest_in(directory);
  const Read found = read(manifest);
  if (found.whole == 0 || found.goes_on) return false;
  const Workplace workplace(directory);
  if (auto made = workplace.make(); !made) return Failure(made.error());
  std::error_code error;
  const auto would_lose_nothing = [&] {
    if (!workplace.make_view()) return false;
    fs::resize_file(manifest_in(workplace.view()), found.whole, error);
    if (error) return false;
    const auto before = Database::look_at_all(workplace.view());
    return before && knows_all_rows(**before, 0, found.replaced);
  };
  const bool droppable = would_lose_nothing();
  workplace.discard();
  if (!droppable) return false;
  // The sync is RocksDB's: it writes a new MANIFEST before it changes anything.
  fs::resize_file(manifest, found.whole, error);
  if (error) return fail(Errc::Io, "shortening " + manifest + ": " + error.message());
  return true;
}

}  // namespace signpost::rocks
