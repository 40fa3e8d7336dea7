#include "tests/rocks/raw_queue.h"

#include "base/check.h"

#include <rocksdb/db.h>

#include <map>
#include <vector>

namespace signpost::rocks {

struct RawQueue::Impl {
  std::unique_ptr<rocksdb::DB> db;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families;
};

RawQueue::RawQueue(const std::string& directory) : impl_(std::make_unique<Impl>()) {
  std::vector<std::string> names;
  CHECK(rocksdb::DB::ListColumnFamilies({}, directory, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names)
    descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  CHECK(rocksdb::DB::Open({}, directory, descriptors, &handles, &db).ok());
  impl_->db.reset(db);
  for (std::size_t i = 0; i < names.size(); ++i) impl_->families[names[i]] = handles[i];
}

RawQueue::~RawQueue() {
  for (const auto& [name, handle] : impl_->families) impl_->db->DestroyColumnFamilyHandle(handle);
}

std::size_t RawQueue::rows(const std::string& family) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->families.at(family)));
  std::size_t count = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++count;
  CHECK(it->status().ok());
  return count;
}

std::size_t RawQueue::all_rows() const {
  return rows("content") + rows("envelope") + rows("job") + rows("lane");
}

void RawQueue::put(const std::string& family, std::string_view key, std::string_view value) {
  CHECK(impl_->db
            ->Put(rocksdb::WriteOptions(), impl_->families.at(family), {key.data(), key.size()},
                  {value.data(), value.size()})
            .ok());
}

std::string RawQueue::get(const std::string& family, std::string_view key) const {
  std::string value;
  CHECK(impl_->db
            ->Get(rocksdb::ReadOptions(), impl_->families.at(family), {key.data(), key.size()},
                  &value)
            .ok());
  return value;
}

bool RawQueue::has(const std::string& family) const { return impl_->families.contains(family); }

void RawQueue::create(const std::string& family) {
  CHECK(impl_->db->CreateColumnFamily({}, family, &impl_->families[family]).ok());
}

void RawQueue::erase(const std::string& family, std::string_view key) {
  CHECK(impl_->db
            ->Delete(rocksdb::WriteOptions(), impl_->families.at(family), {key.data(), key.size()})
            .ok());
}

std::string RawQueue::largest_data_file(const std::string& family) const {
  std::vector<rocksdb::LiveFileMetaData> files;
  impl_->db->GetLiveFilesMetaData(&files);
  const rocksdb::LiveFileMetaData* largest = nullptr;
  for (const auto& file : files) {
    if (file.column_family_name != family) continue;
    if (largest == nullptr || file.size > largest->size) largest = &file;
  }
  CHECK(largest != nullptr);
  return largest->relative_filename;
}

std::size_t RawQueue::data_files_after_compaction() {
  std::size_t files = 0;
  for (const auto& [name, handle] : impl_->families) {
    if (name == "default") continue;
    CHECK(impl_->db->Flush({}, handle).ok());
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    CHECK(impl_->db->CompactRange(all, handle, nullptr, nullptr).ok());
    rocksdb::ColumnFamilyMetaData data;
    impl_->db->GetColumnFamilyMetaData(handle, &data);
    files += data.file_count + data.blob_file_count;
  }
  return files;
}

}  // namespace signpost::rocks
