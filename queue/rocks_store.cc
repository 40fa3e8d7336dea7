#include "queue/rocks_store.h"

#include "base/check.h"
#include "base/log.h"
#include "queue/codec.h"
#include "queue/job_counts.h"
#include "queue/keys.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/io_status.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

namespace signpost::queue {

namespace {

constexpr int kFormat = 1;
constexpr std::string_view kFormatKey = "format";

constexpr std::size_t kKept = 1 << 17;          // messages in a generation of JobCounts
constexpr std::size_t kMaxKeptBatch = 8 << 20;  // octets of memory a batch may keep
constexpr std::size_t kOldRemovalsPerFlush = 20'000;
constexpr int kOldestRows = 4096;  // rows that oldest() looks at
constexpr auto kOldestSlack = std::chrono::minutes(10);
constexpr auto kResumeInterval = std::chrono::seconds(1);

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

Failure failure(const rocksdb::Status& status, std::string_view what) {
  Errc code = Errc::Io;
  if (status.IsNotFound()) code = Errc::NotFound;
  // A data file that is gone is as good as one that is damaged: asking again will not help.
  if (status.IsCorruption() || status.IsPathNotFound()) code = Errc::Corrupt;
  std::string detail(what);
  return fail(code, detail.append(": ").append(status.ToString()));
}

// ---------------------------------------------------------------------------------------------
// Files

// RocksDB goes on after "no space left", once there is some; any other error of a write stops it
// for good. A quota and a limit on file sizes are space as well: said in its words here.
rocksdb::IOStatus told_as_no_space(rocksdb::IOStatus status) {
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
    return told_as_no_space(target()->Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    return told_as_no_space(target()->Append(data, options, verification, context));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    return told_as_no_space(target()->Sync(options, context));
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return told_as_no_space(target()->Close(options, context));
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
        told_as_no_space(target()->NewWritableFile(name, options, file, context));
    if (status.ok()) *file = std::make_unique<SpaceAwareFile>(std::move(*file));
    return status;
  }
};

// ---------------------------------------------------------------------------------------------
// Options

rocksdb::DBOptions database_options(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.max_total_wal_size = 256 << 20;
  options.wal_bytes_per_sync = 1 << 20;
  options.bytes_per_sync = 1 << 20;
  options.manual_wal_flush = false;
  options.allow_concurrent_memtable_write = false;  // there is one writer
  // A write that was cut short by a crash ends the log: what comes before it is whole, what would
  // come after it was never acknowledged. Old log files are not reused (recycle_log_file_num):
  // RocksDB 7.8 allows that only together with a recovery that skips over damage, which could bring
  // back a removal without the change before it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Everything is in the synced log: a stop need not wait for memtables to be written, and the next
  // start writes out what is left and drops the rest.
  options.avoid_flush_during_shutdown = true;
  options.avoid_flush_during_recovery = false;
  options.avoid_unnecessary_blocking_io = true;
  options.skip_stats_update_on_db_open = true;
  options.max_manifest_file_size = 64 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_log_file_size = 4 << 20;
  options.keep_log_file_num = 4;
  return options;
}

struct FamilyShape {
  std::size_t write_buffer_size;
  bool blobs = false;
  bool filter = true;  // point reads happen: keep a Bloom filter
};

rocksdb::ColumnFamilyOptions family_options(const FamilyShape& shape,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // else their memory would have no bound
  if (shape.filter) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = shape.write_buffer_size;
  // One hint for all keys: a key is looked for around the one that was inserted before it.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
  options.max_write_buffer_number = 3;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression =
      rocksdb::kNoCompression;  // what reaches a data file is rare and short-lived
  // A data file full of removals is merged soon, so that the space of deferred mail comes back.
  options.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(4096, 2048, 0.5));
  if (shape.blobs) {
    options.enable_blob_files = true;
    options.min_blob_size = 2048;
    options.blob_file_size = 64 << 20;
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_age_cutoff = 0.25;
    options.blob_garbage_collection_force_threshold = 0.5;
  }
  return options;
}

rocksdb::ReadOptions bounded(const rocksdb::Slice* upper) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = upper;
  options.fill_cache = false;  // scans would push out what point reads need
  return options;
}

// ---------------------------------------------------------------------------------------------
// The store

enum Family : std::size_t { kDefault, kContent, kEnvelope, kJob, kDue, kFamilies };
constexpr std::array<const char*, kFamilies> kFamilyNames{"default", "content", "envelope", "job",
                                                          "due"};

class RocksStore final : public Store {
 public:
  RocksStore(std::unique_ptr<rocksdb::Env> env, std::unique_ptr<rocksdb::DB> db,
             const std::vector<rocksdb::ColumnFamilyHandle*>& families, const RocksOptions& options)
      : options_(options), env_(std::move(env)), db_(std::move(db)) {
    CHECK(families.size() == kFamilies);
    std::ranges::copy(families, families_.begin());
    write_options_.sync = options.sync;
  }

  ~RocksStore() override {
    for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
    const rocksdb::Status status = db_->Close();
    if (!status.ok()) log::error("queue_close_failed", {{"error", status.ToString()}});
  }

  Result<void> settle_format();
  Result<void> count_jobs();

  Result<void> apply(std::span<const Change* const> changes) override;
  Result<Envelope> envelope(const MessageId& id) const override;
  Result<std::string> content(const MessageId& id) const override;
  Result<std::vector<Job>> jobs_of(const MessageId& id) const override;
  Result<JobPage> due(const Position& from, SystemTime until, std::size_t limit) const override;
  Result<JobPage> jobs(const Position& from, std::size_t limit,
                       std::string_view containing) const override;
  Position due_position(const Job& job) const override { return due_key(job.due, job.ref); }
  Totals totals() const override;
  std::optional<SystemTime> oldest(JobState state) const override;
  bool needs_restart() const override { return needs_restart_.load(std::memory_order_relaxed); }
  std::string engine_text() const override;

 private:
  // What one apply() gathers before it writes.
  struct Group {
    rocksdb::WriteBatch batch;
    std::vector<JobRef> added;
    std::vector<JobRef> removed;
    std::array<std::int64_t, 3> jobs{};  // change of the totals, by JobState
    SystemTime first = SystemTime::max();
    std::size_t old_removals = 0;  // messages removed that JobCounts had forgotten

    void clear();
  };

  Result<void> gather(const Change& change);  // what it does to messages that are stored
  void enqueue(const Change::Enqueued& enqueued);
  Result<void> remove(const Job& job);
  Result<void> replace(const Change::Replaced& replaced);
  void put_job(const Job& job);
  void drop_job(const Job& job);
  Result<JobCounts::Count*> count_of(const MessageId& id);
  Result<bool> is_stored(const JobRef& ref, const JobCounts::Count& count) const;
  Result<std::uint32_t> count_rows(const MessageId& id) const;

  Result<void> resume();
  Result<void> write_failed(const rocksdb::Status& status);
  void publish();
  void flush_old_removals();
  Result<void> put_format();

  std::unique_ptr<rocksdb::Iterator> scan(Family family,
                                          const rocksdb::ReadOptions& options) const {
    return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, families_[family]));
  }

  // Constant after open_rocks_store().
  const RocksOptions options_;
  std::unique_ptr<rocksdb::Env> env_;  // the database uses it until it is gone
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families_{};
  rocksdb::WriteOptions write_options_;

  // The writing thread's.
  Group group_;
  JobCounts counts_{kKept};
  std::size_t old_removals_ = 0;
  bool failed_ = false;
  Error last_failure_;
  std::chrono::steady_clock::time_point next_resume_{};

  // Shared.
  std::atomic<bool> needs_restart_{false};
  std::array<std::atomic<std::uint64_t>, 3> jobs_{};  // by JobState
  // No job of a message older than this is stored: where oldest() begins, so that it need not walk
  // over what was removed since the last flush. Lowered by apply(), raised by oldest().
  mutable std::atomic<SystemTime> first_{SystemTime::min()};
};

void RocksStore::Group::clear() {
  if (batch.GetDataSize() > kMaxKeptBatch) {
    batch = rocksdb::WriteBatch();
  } else {
    batch.Clear();
  }
  added.clear();
  removed.clear();
  jobs = {};
  first = SystemTime::max();
  old_removals = 0;
}

// Writing ---------------------------------------------------------------------------------------

Result<void> RocksStore::apply(std::span<const Change* const> changes) {
  if (auto ready = resume(); !ready) return ready;
  group_.clear();
  counts_.trim();
  // New messages first: nothing else in the group refers to a new message before it is stored. Keys
  // that ascend find their place in a memtable next to the one before; new ones and old ones in
  // turn would each search for it.
  for (const Change* change : changes) {
    for (const Change::Enqueued& enqueued : change->enqueued) enqueue(enqueued);
  }
  for (const Change* change : changes) {
    if (auto gathered = gather(*change); !gathered) {
      counts_.clear();  // it is ahead of the store: count there again
      return gathered;
    }
  }
  if (group_.batch.Count() == 0) return {};
  const rocksdb::Status status = db_->Write(write_options_, &group_.batch);
  if (!status.ok()) return write_failed(status);
  publish();
  flush_old_removals();
  return {};
}

Result<void> RocksStore::gather(const Change& change) {
  for (const Job& job : change.removed) {
    if (auto done = remove(job); !done) return done;
  }
  for (const Change::Replaced& replaced : change.replaced) {
    if (auto done = replace(replaced); !done) return done;
  }
  return {};
}

void RocksStore::enqueue(const Change::Enqueued& enqueued) {
  CHECK(enqueued.message != nullptr && !enqueued.jobs.empty());
  const MessageId& id = enqueued.message->envelope.id;
  const rocksdb::Slice key = slice(message_key(id));
  group_.batch.Put(families_[kContent], key, slice(enqueued.message->content));
  group_.batch.Put(families_[kEnvelope], key, slice(encode_envelope(enqueued.message->envelope)));
  for (const Job& job : enqueued.jobs) {
    CHECK(job.ref.id == id && job.ref.revision == 0);
    CHECK(job.ref.number < enqueued.jobs.size());
    put_job(job);
  }
  counts_.insert(id, {.left = static_cast<std::uint32_t>(enqueued.jobs.size()), .untouched = true});
  group_.first = std::min(group_.first, id.time());
}

Result<void> RocksStore::remove(const Job& job) {
  auto found = count_of(job.ref.id);
  if (!found) return Failure(std::move(found).error());
  JobCounts::Count& count = **found;
  const auto stored = is_stored(job.ref, count);
  if (!stored) return Failure(stored.error());
  if (!*stored) return {};
  drop_job(job);
  count.untouched = false;
  if (--count.left > 0) return {};
  const rocksdb::Slice key = slice(message_key(job.ref.id));
  group_.batch.SingleDelete(families_[kContent], key);
  group_.batch.SingleDelete(families_[kEnvelope], key);
  counts_.erase(job.ref.id);
  return {};
}

Result<void> RocksStore::replace(const Change::Replaced& replaced) {
  const JobRef& before = replaced.before.ref;
  const JobRef& after = replaced.after.ref;
  CHECK(after.id == before.id && after.number == before.number);
  CHECK(after.revision == before.revision + 1);
  auto found = count_of(before.id);
  if (!found) return Failure(std::move(found).error());
  const auto stored = is_stored(before, **found);
  if (!stored) return Failure(stored.error());
  if (!*stored) return {};
  drop_job(replaced.before);
  put_job(replaced.after);
  (*found)->untouched = false;
  return {};
}

void RocksStore::put_job(const Job& job) {
  group_.batch.Put(families_[kJob], slice(job_key(job.ref)), slice(encode_job(job)));
  if (job.state == JobState::Deferred) {
    group_.batch.Put(families_[kDue], slice(due_key(job.due, job.ref)), rocksdb::Slice());
  }
  ++group_.jobs[std::to_underlying(job.state)];
  group_.added.push_back(job.ref);
}

void RocksStore::drop_job(const Job& job) {
  group_.batch.SingleDelete(families_[kJob], slice(job_key(job.ref)));
  if (job.state == JobState::Deferred) {
    group_.batch.SingleDelete(families_[kDue], slice(due_key(job.due, job.ref)));
  }
  --group_.jobs[std::to_underlying(job.state)];
  group_.removed.push_back(job.ref);
}

Result<JobCounts::Count*> RocksStore::count_of(const MessageId& id) {
  if (JobCounts::Count* count = counts_.find(id)) return count;
  auto rows = count_rows(id);
  if (!rows) return Failure(std::move(rows).error());
  ++group_.old_removals;
  return &counts_.insert(id, {.left = *rows, .untouched = false});
}

// A key that is not there must not be deleted: RocksDB leaves open what a SingleDelete without its
// Put does, and the count of the message's jobs would be wrong. So a change that comes too late, or
// twice, changes nothing.
Result<bool> RocksStore::is_stored(const JobRef& ref, const JobCounts::Count& count) const {
  if (count.untouched) return ref.revision == 0 && ref.number < count.left;
  bool stored = std::ranges::find(group_.added, ref) != group_.added.end();
  if (!stored) {
    rocksdb::PinnableSlice row;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), families_[kJob], slice(job_key(ref)), &row);
    if (!status.ok() && !status.IsNotFound()) return failure(status, "reading a job");
    stored = status.ok();
  }
  stored = stored && std::ranges::find(group_.removed, ref) == group_.removed.end();
  if (!stored) {
    log::error("queue_change_too_late",
               {{"id", ref.id.text()}, {"job", ref.number}, {"revision", ref.revision}});
  }
  return stored;
}

Result<std::uint32_t> RocksStore::count_rows(const MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = scan(kJob, bounded(&upper));
  std::uint32_t count = 0;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) ++count;
  if (!rows->status().ok()) return failure(rows->status(), "counting jobs");
  return count;
}

// After an error RocksDB refuses to write until the cause is gone. It looks for that itself every
// few seconds, and does at once when told to; it is told at most once a second, since each attempt
// may write all memtables out.
Result<void> RocksStore::resume() {
  if (!failed_) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now < next_resume_) return Failure(last_failure_);
  const rocksdb::Status status = db_->Resume();
  next_resume_ = std::chrono::steady_clock::now() + kResumeInterval;
  if (status.IsBusy()) return Failure(last_failure_);  // its own attempt is under way
  if (!status.ok()) return write_failed(status);
  failed_ = false;
  return {};
}

Result<void> RocksStore::write_failed(const rocksdb::Status& status) {
  counts_.clear();  // it is ahead of the store: count there again
  failed_ = true;
  const bool for_good = status.severity() >= rocksdb::Status::Severity::kFatalError;
  if (for_good) needs_restart_.store(true, std::memory_order_relaxed);
  last_failure_ = failure(status, for_good ? "the queue cannot be written until a restart"
                                           : "the queue cannot be written")
                      .error();
  return Failure(last_failure_);
}

void RocksStore::publish() {
  for (std::size_t state = 0; state < jobs_.size(); ++state) {
    jobs_[state].fetch_add(static_cast<std::uint64_t>(group_.jobs[state]),
                           std::memory_order_relaxed);
  }
  SystemTime first = first_.load(std::memory_order_relaxed);
  while (group_.first < first && !first_.compare_exchange_weak(first, group_.first)) {
  }
}

// Removals of old mail are small and would wait in memory for long, and the blobs with them.
void RocksStore::flush_old_removals() {
  old_removals_ += group_.old_removals;
  if (old_removals_ < kOldRemovalsPerFlush) return;
  old_removals_ = 0;
  rocksdb::FlushOptions flush;
  flush.wait = false;
  const rocksdb::Status status = db_->Flush(flush, {families_.begin() + kContent, families_.end()});
  if (!status.ok()) log::warning("queue_flush_failed", {{"error", status.ToString()}});
}

// Reading ---------------------------------------------------------------------------------------

Result<Envelope> RocksStore::envelope(const MessageId& id) const {
  rocksdb::PinnableSlice row;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), families_[kEnvelope], slice(message_key(id)), &row);
  if (!status.ok()) return failure(status, "envelope of message " + id.text());
  return decode_envelope(id, view(row));
}

Result<std::string> RocksStore::content(const MessageId& id) const {
  std::string content;
  const rocksdb::Status status =
      db_->Get(bounded(nullptr), families_[kContent], slice(message_key(id)), &content);
  if (!status.ok()) return failure(status, "content of message " + id.text());
  return content;
}

// Nothing when the row is not readable: that is logged here, and the scan goes on.
std::optional<Job> read_job(const rocksdb::Slice& key, const rocksdb::Slice& row) {
  const auto ref = parse_job_key(view(key));
  if (!ref) {
    log::error("queue_row_corrupt", {{"error", "a job's key is malformed"}});
    return std::nullopt;
  }
  auto job = decode_job(*ref, view(row));
  if (!job) {
    log::error("queue_row_corrupt",
               {{"id", ref->id.text()}, {"job", ref->number}, {"error", job.error().detail}});
    return std::nullopt;
  }
  return std::move(*job);
}

Result<std::vector<Job>> RocksStore::jobs_of(const MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = scan(kJob, bounded(&upper));
  std::vector<Job> jobs;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) {
    if (auto job = read_job(rows->key(), rows->value())) jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return failure(rows->status(), "jobs of message " + id.text());
  return jobs;
}

// The smallest key behind `key`.
Position position_after(const rocksdb::Slice& key) {
  Position position(view(key));
  position.push_back('\0');
  return position;
}

Result<JobPage> RocksStore::due(const Position& from, SystemTime until, std::size_t limit) const {
  const std::string bound = due_bound(until + std::chrono::microseconds(1));
  const rocksdb::Slice upper = slice(bound);
  // Index and jobs as of one moment: a job that is replaced meanwhile is not taken for a lost one.
  rocksdb::ManagedSnapshot snapshot(db_.get());
  rocksdb::ReadOptions options = bounded(&upper);
  options.snapshot = snapshot.snapshot();
  rocksdb::ReadOptions get;
  get.snapshot = snapshot.snapshot();

  JobPage page;
  page.next = from;
  if (from >= bound) {  // RocksDB wants the start of a scan before its end
    page.end = true;
    return page;
  }
  const auto rows = scan(kDue, options);
  for (rows->Seek(slice(from)); rows->Valid() && page.jobs.size() < limit; rows->Next()) {
    page.next = position_after(rows->key());
    const auto ref = parse_due_key(view(rows->key()));
    if (!ref) {
      log::error("queue_row_corrupt", {{"error", "a due time's key is malformed"}});
      continue;
    }
    const std::string key = job_key(*ref);
    rocksdb::PinnableSlice row;
    const rocksdb::Status status = db_->Get(get, families_[kJob], slice(key), &row);
    if (status.IsNotFound()) {
      log::error(
          "queue_row_corrupt",
          {{"id", ref->id.text()}, {"job", ref->number}, {"error", "a due time without its job"}});
      continue;
    }
    if (!status.ok()) return failure(status, "reading a job that is due");
    if (auto job = read_job(slice(key), row)) page.jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return failure(rows->status(), "reading due times");
  page.end = !rows->Valid();
  return page;
}

Result<JobPage> RocksStore::jobs(const Position& from, std::size_t limit,
                                 std::string_view containing) const {
  const auto rows = scan(kJob, bounded(nullptr));
  JobPage page;
  page.next = from;
  std::size_t seen = 0;
  for (rows->Seek(slice(from)); rows->Valid() && seen < limit; rows->Next()) {
    ++seen;
    page.next.assign(view(rows->key())).push_back('\0');  // position_after(), in place
    if (!view(rows->value()).contains(containing)) continue;
    if (auto job = read_job(rows->key(), rows->value())) page.jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return failure(rows->status(), "reading jobs");
  page.end = !rows->Valid();
  return page;
}

Totals RocksStore::totals() const {
  const auto of = [this](JobState state) {
    return jobs_[std::to_underlying(state)].load(std::memory_order_relaxed);
  };
  return {
      .ready = of(JobState::Ready), .deferred = of(JobState::Deferred), .held = of(JobState::Held)};
}

std::optional<SystemTime> RocksStore::oldest(JobState state) const {
  if (jobs_[std::to_underlying(state)].load(std::memory_order_relaxed) == 0) return std::nullopt;
  SystemTime first = first_.load(std::memory_order_relaxed);
  // The slack: ids are made before the commit, and a commit may take its time.
  MessageId from;
  const auto start = std::max(first, SystemTime(kOldestSlack)) - kOldestSlack;
  const auto microseconds = static_cast<std::uint64_t>(start.time_since_epoch().count());
  for (std::size_t i = 0; i < 7; ++i) {
    from.octets[i] = static_cast<std::uint8_t>((microseconds << 4) >> (8 * (6 - i)));
  }
  const auto rows = scan(kJob, bounded(nullptr));
  int seen = 0;
  for (rows->Seek(slice(message_key(from))); rows->Valid() && seen < kOldestRows; rows->Next()) {
    const auto ref = parse_job_key(view(rows->key()));
    if (!ref) continue;
    if (seen++ == 0) first_.compare_exchange_strong(first, ref->id.time());
    const auto job = decode_job(*ref, view(rows->value()));
    if (job && job->state == state) return ref->id.time();
  }
  return std::nullopt;
}

std::string RocksStore::engine_text() const {
  return "RocksDB " + rocksdb::GetRocksVersionAsString() + ", format " + std::to_string(kFormat) +
         ", memtables of " + std::to_string(options_.write_buffer_size >> 20) + " MiB" +
         (options_.sync ? "" : ", NOT SYNCED");
}

// Opening ---------------------------------------------------------------------------------------

Result<void> check_format(std::string_view text, const std::string& directory) {
  int format = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (error != std::errc() || end != text.data() + text.size() || format < 1) {
    return fail(Errc::Corrupt, "the queue in " + directory + " names no format");
  }
  if (format > kFormat) {
    return fail(Errc::InvalidArgument,
                "the queue in " + directory + " has format " + std::to_string(format) +
                    ", this program writes format " + std::to_string(kFormat) +
                    ": run the newer signpost that wrote it, or give this one a queue directory of "
                    "its own; nothing was changed");
  }
  return {};
}

Result<void> RocksStore::settle_format() {
  std::string text;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), families_[kDefault], slice(kFormatKey), &text);
  if (status.ok()) return check_format(text, db_->GetName());
  if (!status.IsNotFound()) return failure(status, "reading the queue's format");
  // New, or the first start was cut short before it got here: then nothing is stored yet.
  for (const Family family : {kContent, kEnvelope, kJob, kDue}) {
    const auto rows = scan(family, bounded(nullptr));
    rows->SeekToFirst();
    if (rows->Valid() || !rows->status().ok()) {
      return fail(Errc::Corrupt, "the queue in " + db_->GetName() + " names no format");
    }
  }
  return put_format();
}

Result<void> RocksStore::put_format() {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  rocksdb::Status status =
      db_->Put(synced, families_[kDefault], slice(kFormatKey), std::to_string(kFormat));
  if (!status.ok()) return failure(status, "writing the queue's format");
  return {};
}

Result<void> RocksStore::count_jobs() {
  const auto rows = scan(kJob, bounded(nullptr));
  SystemTime first = SystemTime::max();
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto job = read_job(rows->key(), rows->value());
    if (!job) continue;
    jobs_[std::to_underlying(job->state)].fetch_add(1, std::memory_order_relaxed);
    first = std::min(first, job->ref.id.time());
  }
  if (!rows->status().ok()) return failure(rows->status(), "counting the jobs in the queue");
  first_ = first;
  return {};
}

// Keeps RocksDB from writing a LOG file into a directory that is only looked at.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

// Looks at an existing queue without a single write: opening it for writing would replay and
// rewrite its log, which a newer format may not survive.
Result<void> look_at_format(const std::string& directory) {
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<Silence>();
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
      options, directory, {{rocksdb::kDefaultColumnFamilyName, {}}}, &families, &raw);
  if (!status.ok()) return failure(status, "opening the queue in " + directory);
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::string text;
  status = db->Get(rocksdb::ReadOptions(), families.front(), slice(kFormatKey), &text);
  db->DestroyColumnFamilyHandle(families.front());
  if (status.IsNotFound()) return {};
  if (!status.ok()) return failure(status, "reading the format of the queue in " + directory);
  return check_format(text, directory);
}

Result<void> look_before_opening(const std::string& directory) {
  rocksdb::Env* const env = rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  rocksdb::Status status = env->LockFile(directory + "/LOCK", &lock);
  if (!status.ok()) {
    return fail(Errc::Unavailable,
                "the queue in " + directory +
                    " is in use by another process or cannot be locked: " + status.ToString());
  }
  Result<void> looked;
  if (std::filesystem::exists(directory + "/CURRENT")) looked = look_at_format(directory);
  status = env->UnlockFile(lock);
  if (looked && !status.ok()) return failure(status, "unlocking the queue in " + directory);
  return looked;
}

Result<void> make_directory(const std::string& directory) {
  std::error_code error;
  const bool created = std::filesystem::create_directories(directory, error);
  // It holds other people's mail.
  if (!error && created) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return fail(Errc::Io, "the queue directory " + directory + ": " + error.message());
  return {};
}

Result<std::unique_ptr<RocksStore>> open_database(const std::string& directory,
                                                  const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.block_cache_size);
  // Envelope and job rows are short: 16 MB of them outlast 64 MB of content.
  const std::size_t rows = std::min<std::size_t>(options.write_buffer_size, 16 << 20);
  const std::array<FamilyShape, kFamilies> shapes{{
      {.write_buffer_size = 1 << 20},
      {.write_buffer_size = options.write_buffer_size, .blobs = true},
      {.write_buffer_size = rows},
      {.write_buffer_size = rows},
      {.write_buffer_size = rows, .filter = false},
  }};
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    descriptors.emplace_back(kFamilyNames[i], family_options(shapes[i], cache));
  }
  auto env = rocksdb::NewCompositeEnv(std::make_shared<SpaceAwareFileSystem>(
      options.file_system ? options.file_system : rocksdb::FileSystem::Default()));
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(database_options(env.get()), directory, descriptors, &families, &db);
  if (!status.ok()) return failure(status, "opening the queue in " + directory);
  return std::make_unique<RocksStore>(std::move(env), std::unique_ptr<rocksdb::DB>(db), families,
                                      options);
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocks_store(const std::string& directory,
                                                const RocksOptions& options) {
  if (auto made = make_directory(directory); !made) return Failure(std::move(made).error());
  if (auto looked = look_before_opening(directory); !looked) {
    return Failure(std::move(looked).error());
  }
  auto store = open_database(directory, options);
  if (!store) return Failure(std::move(store).error());
  if (auto settled = (*store)->settle_format(); !settled) {
    return Failure(std::move(settled).error());
  }
  if (auto counted = (*store)->count_jobs(); !counted) return Failure(std::move(counted).error());
  return std::move(*store);
}

}  // namespace signpost::queue
