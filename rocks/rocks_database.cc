#include "rocks/rocks_database.h"

#include "base/check.h"
#include "rocks/codec.h"
#include "rocks/events.h"
#include "rocks/keys.h"
#include "rocks/rocks_files.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <system_error>
#include <utility>

namespace signpost::rocks {

namespace {

rocksdb::DBOptions database_options(const Options& wanted) {
  rocksdb::DBOptions options;
  options.max_background_jobs = 2;
  options.max_open_files = static_cast<int>(wanted.open_files);
  options.max_total_wal_size = wanted.max_log_size;  // a start replays it: a second at most
  options.wal_bytes_per_sync = 1 << 20;
  options.bytes_per_sync = 1 << 20;
  options.manual_wal_flush = false;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  // A write cut short by a crash ends the log: everything before it is whole, and anything
  // after it was never acknowledged. Old log files are not reused (recycle_log_file_num):
  // RocksDB 7.8 allows that only together with a recovery that skips over damage, which could bring
  // back a removal without the change before it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Everything is in the synced log: a stop need not wait for memtables to be written, and the next
  // start writes out what is left and drops the rest.
  options.avoid_flush_during_shutdown = true;
  options.avoid_flush_during_recovery = wanted.frugal;
  options.avoid_unnecessary_blocking_io = true;
  options.skip_stats_update_on_db_open = true;
  options.max_manifest_file_size = wanted.blob_file_size;
  options.manifest_preallocation_size = 64 << 10;  // 4 MiB by default: much of a small disk
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

struct FamilyShape {
  std::size_t write_buffer_size;
  std::size_t blob_file_size = 0;  // 0: values are in the data files
  rocksdb::CompressionType compression = rocksdb::kNoCompression;
  bool filter = true;  // point reads happen: keep a Bloom filter
};

rocksdb::ColumnFamilyOptions family_options(const FamilyShape& shape,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // else their memory would have no bound
  // In parts of a block each: of a long queue a whole filter has megabytes, and the cache holds few
  // of them. A read at random would bring one in, checksum it, and push another one out.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = shape.filter;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  if (shape.filter) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = shape.write_buffer_size;
  // One hint for all keys: the search for a key begins at the one inserted before it.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression = shape.compression;
  // A data file full of removals is merged soon, so that the space of deferred mail is reclaimed.
  options.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048, 0.5));
  if (shape.blob_file_size != 0) {
    options.enable_blob_files = true;
    options.min_blob_size = 2048;
    options.blob_file_size = shape.blob_file_size;
    options.blob_compression_type = shape.compression;
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_age_cutoff = 0.25;
    options.blob_garbage_collection_force_threshold = 0.5;
  }
  return options;
}

// RocksDB's messages go to the log that everybody reads. A LOG file of its own would be one
// more file that can fail: on a full disk Debian's RocksDB ends the process when it cannot write
// there.
class EventLogger final : public rocksdb::Logger {
 public:
  EventLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    // HEADER_LEVEL, the list of all options, is above all others.
    if (level < GetInfoLogLevel() || level >= rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, 1024> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    std::string_view words(line.data());
    words = words.substr(0, words.find_last_not_of("\n ") + 1);
    log::emit(events::QueueEngine{.severity = level == rocksdb::InfoLogLevel::WARN_LEVEL
                                                  ? events::EngineSeverity::Warning
                                                  : events::EngineSeverity::Error,
                                  .detail = words});
  }
};

// For a directory that is only inspected: the caller reports what is wrong with it.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// A sector that cannot be read is damage like one that is read wrongly. Other errors of the system
// (a failed write, permissions, descriptors) say nothing about what is stored.
bool is_unreadable(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string words = status.ToString();
  return words.ends_with(std::generic_category().message(EIO)) &&
         (words.contains("While pread") || words.contains("While read"));
}

rocksdb::CompressionType type_of(Compression compression) {
  switch (compression) {
    case Compression::None:
      break;
    case Compression::Lz4:
      return rocksdb::kLZ4Compression;
    case Compression::Zstd:
      return rocksdb::kZSTD;
  }
  return rocksdb::kNoCompression;
}

std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(const Options& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_size);
  // Envelope and job rows are short: 16 MB of them outlast 64 MB of content.
  const std::size_t rows = options.frugal
                               ? options.write_buffer_size
                               : std::min<std::size_t>(options.write_buffer_size, 16 << 20);
  const std::array<FamilyShape, kFamilies> shapes{{
      {.write_buffer_size = 1 << 20},
      {.write_buffer_size = options.write_buffer_size,
       .blob_file_size = options.blob_file_size,
       .compression = type_of(options.compression)},
      {.write_buffer_size = rows},
      {.write_buffer_size = rows},
      {.write_buffer_size = rows, .filter = false},
  }};
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(kFamilies);
  for (std::size_t i = 0; i < kFamilies; ++i) {
    descriptors.emplace_back(kFamilyNames[i], family_options(shapes[i], cache));
  }
  return descriptors;
}

std::vector<rocksdb::ColumnFamilyDescriptor> first_families(std::size_t count) {
  auto families = descriptors({});
  families.resize(count);
  return families;
}

rocksdb::WALRecoveryMode mode_of(Database::Log log) {
  switch (log) {
    case Database::Log::Whole:
      return rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    case Database::Log::UpToDamage:
      return rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    case Database::Log::PastDamage:
      break;
  }
  return rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
}

}  // namespace

Failure failure(const rocksdb::Status& status, std::string_view what) {
  Errc code = Errc::Io;
  if (status.IsNotFound()) code = Errc::NotFound;
  // A missing data file is like a damaged one: trying again will not help.
  if (status.IsCorruption() || status.IsPathNotFound() || is_unreadable(status)) {
    code = Errc::Corrupt;
  }
  std::string detail(what);
  return fail(code, detail.append(": ").append(status.ToString()));
}

rocksdb::ReadOptions bounded(const rocksdb::Slice* upper) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = upper;
  options.fill_cache = false;  // scans would push out what point reads need
  return options;
}

Database::Database(std::unique_ptr<rocksdb::Env> env, std::unique_ptr<rocksdb::DB> db,
                   const std::vector<rocksdb::ColumnFamilyHandle*>& families)
    : env_(std::move(env)), db_(std::move(db)) {
  for (rocksdb::ColumnFamilyHandle* family : families) {
    const auto known = std::ranges::find(kFamilyNames, family->GetName(),
                                         [](const char* name) { return std::string_view(name); });
    if (known != kFamilyNames.end()) {
      families_[static_cast<std::size_t>(known - kFamilyNames.begin())] = family;
    } else {
      CHECK(family->GetName() == kFormerDueFamily);
      former_due_ = family;
    }
  }
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    if (family != nullptr) db_->DestroyColumnFamilyHandle(family);
  }
  if (former_due_ != nullptr) db_->DestroyColumnFamilyHandle(former_due_);
  const rocksdb::Status status = db_->Close();
  if (!status.ok()) log::emit(events::QueueCloseFailed{.detail = status.ToString()});
}

Result<std::unique_ptr<Database>> Database::open(const std::string& directory,
                                                 const Options& options) {
  auto families = descriptors(options);
  for (auto& each : descriptors_of(directory, options)) {
    if (each.name == kFormerDueFamily) families.push_back(std::move(each));
  }
  return open_families(directory, options, true, families);
}

Result<std::unique_ptr<Database>> Database::open_as_it_is(const std::string& directory,
                                                          const Options& options) {
  return open_families(directory, options, false, descriptors_of(directory, options));
}

Result<std::unique_ptr<Database>> Database::open_families(
    const std::string& directory, const Options& options, bool create,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  auto env = rocksdb::NewCompositeEnv(with_passing_faults(
      options.file_system ? options.file_system : rocksdb::FileSystem::Default()));
  rocksdb::DBOptions settings = database_options(options);
  settings.env = env.get();
  settings.info_log = std::make_shared<EventLogger>();
  settings.create_if_missing = create;
  settings.create_missing_column_families = create;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(settings, directory, families, &handles, &db);
  if (!status.ok()) return failure(status, "opening the queue in " + directory);
  return std::unique_ptr<Database>(
      new Database(std::move(env), std::unique_ptr<rocksdb::DB>(db), handles));
}

Result<std::unique_ptr<Database>> Database::look(
    const std::string& directory, Log log, bool lax,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  rocksdb::DBOptions settings = database_options({});
  settings.info_log = std::make_shared<Silence>();
  settings.wal_recovery_mode = mode_of(log);
  settings.paranoid_checks = !lax;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(settings, directory, families, &handles, &db);
  if (!status.ok()) return failure(status, "opening the queue in " + directory);
  return std::unique_ptr<Database>(
      new Database(nullptr, std::unique_ptr<rocksdb::DB>(db), handles));
}

Result<std::unique_ptr<Database>> Database::look_at_default(const std::string& directory, Log log) {
  return look(directory, log, false, first_families(1));
}

Result<std::unique_ptr<Database>> Database::look_at_all(const std::string& directory) {
  return look(directory, Log::UpToDamage, false, descriptors_of(directory));
}

Result<std::unique_ptr<Database>> Database::look_past_damage(const std::string& directory) {
  return look(directory, Log::PastDamage, true, first_families(kLane));
}

Result<void> Database::list_all_files(const std::string& directory) {
  rocksdb::DBOptions settings = database_options({});
  settings.info_log = std::make_shared<Silence>();
  const auto families = descriptors({});
  const rocksdb::Status status =
      rocksdb::RepairDB(directory, settings, families, families[kLane].options);
  if (!status.ok()) return failure(status, "listing the files in " + directory);
  return {};
}

std::vector<rocksdb::ColumnFamilyDescriptor> Database::descriptors_of(const std::string& directory,
                                                                      const Options& options) {
  std::vector<std::string> names;
  // A directory that holds no database has none.
  (void)rocksdb::DB::ListColumnFamilies(database_options(options), directory, &names);
  auto known = descriptors(options);
  std::vector<rocksdb::ColumnFamilyDescriptor> found;
  for (const std::string& name : names) {
    const auto same = std::ranges::find(known, name, &rocksdb::ColumnFamilyDescriptor::name);
    found.push_back(same != known.end() ? *same : known[kLane]);
    found.back().name = name;
  }
  return found;
}

std::vector<rocksdb::ColumnFamilyHandle*> Database::mail_families() const {
  return {families_.begin() + kContent, families_.end()};
}

Result<void> Database::drop_former_due() {
  if (former_due_ == nullptr) return {};
  rocksdb::Status status = db_->DropColumnFamily(former_due_);
  if (status.ok()) status = db_->DestroyColumnFamilyHandle(former_due_);
  if (!status.ok()) return failure(status, "dropping the queue's former index");
  former_due_ = nullptr;
  return {};
}

std::unique_ptr<rocksdb::Iterator> Database::scan(Family family,
                                                  const rocksdb::ReadOptions& options) const {
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, families_[family]));
}

Result<int> read_format(const Database& database) {
  const std::string& directory = database.db().GetName();
  std::string text;
  const rocksdb::Status status =
      database.db().Get(rocksdb::ReadOptions(), database[kDefault], slice(kFormatKey), &text);
  if (status.IsNotFound()) return 0;
  if (!status.ok()) return failure(status, "reading the format of the queue in " + directory);
  int format = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (error != std::errc() || end != text.data() + text.size() || format < 1) {
    return fail(Errc::InvalidArgument, "the queue in " + directory + " names no format");
  }
  if (format > kFormat) {
    return fail(Errc::InvalidArgument,
                "the queue in " + directory + " has format " + std::to_string(format) +
                    ", this program writes format " + std::to_string(kFormat) +
                    ": run the newer signpost that wrote it, or give this one a queue directory of "
                    "its own; nothing was changed");
  }
  return format;
}

Result<void> write_format(const Database& database) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status status =
      database.db().Put(synced, database[kDefault], slice(kFormatKey), std::to_string(kFormat));
  if (!status.ok()) return failure(status, "writing the queue's format");
  return {};
}

std::optional<queue::Job> read_job(std::string_view key, std::string_view row) {
  const auto ref = parse_job_key(key);
  if (!ref) {
    log::emit(events::QueueRowCorrupt{.detail = "a job's key is malformed"});
    return std::nullopt;
  }
  auto job = decode_job(*ref, row);
  if (!job) {
    log::emit(events::QueueRowCorrupt{
        .id = ref->id.text(), .job = ref->number, .detail = job.error().detail});
    return std::nullopt;
  }
  return std::move(*job);
}

}  // namespace signpost::rocks
