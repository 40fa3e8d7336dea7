#include "rocks/rocks_store.h"

#include "base/check.h"
#include "base/log.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include "rocks/codec.h"
#include "rocks/job_counts.h"
#include "rocks/keys.h"
#include "rocks/rocks_database.h"
#include "rocks/rocks_open.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <utility>

namespace signpost::rocks {

namespace {

using rocks::bounded;
using rocks::Database;
using rocks::failure;
using rocks::Family;
using rocks::kContent;
using rocks::kDue;
using rocks::kEnvelope;
using rocks::kFormat;
using rocks::kJob;
using rocks::read_job;
using rocks::slice;
using rocks::view;

constexpr std::size_t kKept = 1 << 17;          // messages in a generation of JobCounts
constexpr std::size_t kMaxKeptBatch = 8 << 20;  // octets of memory a batch may keep
constexpr std::size_t kOldRemovalsPerFlush = 20'000;
constexpr int kOldestRows = 4096;  // rows that oldest() looks at
constexpr auto kOldestSlack = std::chrono::minutes(10);
constexpr auto kResumeInterval = std::chrono::seconds(1);

class RocksStore final : public queue::Store {
 public:
  RocksStore(std::string directory, rocks::Opened opened, const RocksOptions& options)
      : directory_(std::move(directory)),
        options_(options),
        database_(std::move(opened.database)),
        jobs_{opened.totals.ready, opened.totals.deferred, opened.totals.held},
        first_(opened.first) {
    write_options_.sync = options.sync;
  }

  Result<void> apply(std::span<const queue::Change* const> changes) override;
  Result<queue::Envelope> envelope(const queue::MessageId& id) const override;
  Result<std::string> content(const queue::MessageId& id) const override;
  Result<std::vector<queue::Job>> jobs_of(const queue::MessageId& id) const override;
  Result<queue::JobPage> due(const queue::Position& from, SystemTime until,
                             std::size_t limit) const override;
  Result<queue::JobPage> jobs(const queue::Position& from, std::size_t limit,
                              std::string_view containing) const override;
  queue::Position due_position(const queue::Job& job) const override {
    return due_key(job.due, job.ref);
  }
  queue::Totals totals() const override;
  std::optional<SystemTime> oldest(queue::JobState state) const override;
  bool needs_restart() const override { return needs_restart_.load(std::memory_order_relaxed); }
  std::uint64_t pending_bytes() const override;
  Result<void> reclaim_space(std::atomic<bool>& cancelled) override;
  std::string engine_text() const override;

 private:
  // What one apply() gathers before it writes.
  struct Group {
    rocksdb::WriteBatch batch;
    std::vector<queue::JobRef> added;
    std::vector<queue::JobRef> removed;
    std::array<std::int64_t, 3> jobs{};  // change of the totals, by JobState
    SystemTime first = SystemTime::max();
    std::size_t old_removals = 0;  // messages removed that JobCounts had forgotten

    void clear();
  };

  Result<void> gather(const queue::Change& change);  // what it does to messages that are stored
  void enqueue(const queue::Change::Enqueued& enqueued);
  Result<void> remove(const queue::Job& job);
  Result<void> replace(const queue::Change::Replaced& replaced);
  void put_job(const queue::Job& job);
  void drop_job(const queue::Job& job);
  Result<JobCounts::Count*> count_of(const queue::MessageId& id);
  Result<bool> is_stored(const queue::JobRef& ref, const JobCounts::Count& count) const;
  Result<std::uint32_t> count_rows(const queue::MessageId& id) const;

  Failure read_failed(const rocksdb::Status& status, std::string_view what) const;
  Failure scan_failed(const rocksdb::Status& status, std::string_view what) const;
  Result<void> resume();
  Result<void> write_failed(const rocksdb::Status& status);
  void publish();
  void flush_old_removals();

  rocksdb::DB& db() const { return database_->db(); }
  rocksdb::ColumnFamilyHandle* family(Family family) const { return (*database_)[family]; }
  std::unique_ptr<rocksdb::Iterator> scan(Family family,
                                          const rocksdb::ReadOptions& options) const {
    return database_->scan(family, options);
  }

  // Constant after open_rocks_store().
  const std::string directory_;
  const RocksOptions options_;
  const std::unique_ptr<Database> database_;
  rocksdb::WriteOptions write_options_;

  // The writing thread's.
  Group group_;
  JobCounts counts_{kKept};
  std::size_t old_removals_ = 0;
  bool failed_ = false;
  Error last_failure_;
  std::chrono::steady_clock::time_point next_resume_{};

  // Shared.
  mutable std::atomic<bool> needs_restart_{false};
  mutable std::atomic<bool> damaged_{false};        // found so by a read
  std::array<std::atomic<std::uint64_t>, 3> jobs_;  // by JobState
  // No job of a message older than this is stored: where oldest() begins, so that it need not walk
  // over what was removed since the last flush. Lowered by apply(), raised by oldest().
  mutable std::atomic<SystemTime> first_;
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

Result<void> RocksStore::apply(std::span<const queue::Change* const> changes) {
  if (auto ready = resume(); !ready) return ready;
  group_.clear();
  counts_.trim();
  // New messages first: nothing else in the group refers to a new message before it is stored. Keys
  // that ascend find their place in a memtable next to the one before; new ones and old ones in
  // turn would each search for it.
  for (const queue::Change* change : changes) {
    for (const queue::Change::Enqueued& enqueued : change->enqueued) enqueue(enqueued);
  }
  for (const queue::Change* change : changes) {
    if (auto gathered = gather(*change); !gathered) {
      counts_.clear();  // it is ahead of the store: count there again
      return gathered;
    }
  }
  if (group_.batch.Count() == 0) return {};
  const rocksdb::Status status = db().Write(write_options_, &group_.batch);
  if (!status.ok()) return write_failed(status);
  publish();
  flush_old_removals();
  return {};
}

Result<void> RocksStore::gather(const queue::Change& change) {
  for (const queue::Job& job : change.removed) {
    if (auto done = remove(job); !done) return done;
  }
  for (const queue::Change::Replaced& replaced : change.replaced) {
    if (auto done = replace(replaced); !done) return done;
  }
  return {};
}

void RocksStore::enqueue(const queue::Change::Enqueued& enqueued) {
  CHECK(enqueued.message != nullptr && !enqueued.jobs.empty());
  const queue::MessageId& id = enqueued.message->envelope.id;
  const rocksdb::Slice key = slice(message_key(id));
  group_.batch.Put(family(kContent), key, slice(enqueued.message->content));
  group_.batch.Put(family(kEnvelope), key, slice(encode_envelope(enqueued.message->envelope)));
  for (const queue::Job& job : enqueued.jobs) {
    CHECK(job.ref.id == id && job.ref.revision == 0);
    CHECK(job.ref.number < enqueued.jobs.size());
    put_job(job);
  }
  counts_.insert(id, {.left = static_cast<std::uint32_t>(enqueued.jobs.size()), .untouched = true});
  group_.first = std::min(group_.first, id.time());
}

Result<void> RocksStore::remove(const queue::Job& job) {
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
  group_.batch.SingleDelete(family(kContent), key);
  group_.batch.SingleDelete(family(kEnvelope), key);
  counts_.erase(job.ref.id);
  return {};
}

Result<void> RocksStore::replace(const queue::Change::Replaced& replaced) {
  const queue::JobRef& before = replaced.before.ref;
  const queue::JobRef& after = replaced.after.ref;
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

void RocksStore::put_job(const queue::Job& job) {
  group_.batch.Put(family(kJob), slice(job_key(job.ref)), slice(encode_job(job)));
  if (job.state == queue::JobState::Deferred) {
    group_.batch.Put(family(kDue), slice(due_key(job.due, job.ref)), rocksdb::Slice());
  }
  ++group_.jobs[std::to_underlying(job.state)];
  group_.added.push_back(job.ref);
}

void RocksStore::drop_job(const queue::Job& job) {
  group_.batch.SingleDelete(family(kJob), slice(job_key(job.ref)));
  if (job.state == queue::JobState::Deferred) {
    group_.batch.SingleDelete(family(kDue), slice(due_key(job.due, job.ref)));
  }
  --group_.jobs[std::to_underlying(job.state)];
  group_.removed.push_back(job.ref);
}

Result<JobCounts::Count*> RocksStore::count_of(const queue::MessageId& id) {
  if (JobCounts::Count* count = counts_.find(id)) return count;
  auto rows = count_rows(id);
  if (!rows) return Failure(std::move(rows).error());
  ++group_.old_removals;
  return &counts_.insert(id, {.left = *rows, .untouched = false});
}

// A key that is not there must not be deleted: RocksDB leaves open what a SingleDelete without its
// Put does, and the count of the message's jobs would be wrong. So a change that comes too late, or
// twice, changes nothing.
Result<bool> RocksStore::is_stored(const queue::JobRef& ref, const JobCounts::Count& count) const {
  if (count.untouched) return ref.revision == 0 && ref.number < count.left;
  bool stored = std::ranges::find(group_.added, ref) != group_.added.end();
  if (!stored) {
    rocksdb::PinnableSlice row;
    const rocksdb::Status status =
        db().Get(rocksdb::ReadOptions(), family(kJob), slice(job_key(ref)), &row);
    if (!status.ok() && !status.IsNotFound()) return read_failed(status, "reading a job");
    stored = status.ok();
  }
  stored = stored && std::ranges::find(group_.removed, ref) == group_.removed.end();
  if (!stored) {
    log::error("queue_change_too_late",
               {{"id", ref.id.text()}, {"job", ref.number}, {"revision", ref.revision}});
  }
  return stored;
}

Result<std::uint32_t> RocksStore::count_rows(const queue::MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = scan(kJob, bounded(&upper));
  std::uint32_t count = 0;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) ++count;
  if (!rows->status().ok()) return read_failed(rows->status(), "counting jobs");
  return count;
}

// After an error RocksDB refuses to write until the cause is gone. It looks for that itself every
// few seconds, and does at once when told to; it is told at most once a second, since each attempt
// may write all memtables out.
Result<void> RocksStore::resume() {
  if (!failed_) return {};
  const auto now = std::chrono::steady_clock::now();
  if (now < next_resume_) return Failure(last_failure_);
  const rocksdb::Status status = db().Resume();
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
  if (for_good && status.IsCorruption()) rocks::ask_for_check(directory_);
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
  const rocksdb::Status status = db().Flush(flush, database_->mail_families());
  if (!status.ok()) log::warning("queue_flush_failed", {{"error", status.ToString()}});
}

// Reading ---------------------------------------------------------------------------------------

// Damage that is found by the way concerns the message that was read for. The next start looks how
// far it goes.
Failure RocksStore::read_failed(const rocksdb::Status& status, std::string_view what) const {
  Failure failed = failure(status, what);
  if (failed.error().code == Errc::Corrupt && !damaged_.exchange(true)) {
    log::error("queue_damaged",
               {{"error", failed.error().detail},
                {"detail", "the next start makes a new queue of what can be read"}});
    rocks::ask_for_check(directory_);
  }
  return failed;
}

// An index that cannot be read to its end stops more than one message: the restart must not wait.
Failure RocksStore::scan_failed(const rocksdb::Status& status, std::string_view what) const {
  Failure failed = read_failed(status, what);
  if (failed.error().code == Errc::Corrupt) needs_restart_.store(true, std::memory_order_relaxed);
  return failed;
}

Result<queue::Envelope> RocksStore::envelope(const queue::MessageId& id) const {
  rocksdb::PinnableSlice row;
  const rocksdb::Status status =
      db().Get(rocksdb::ReadOptions(), family(kEnvelope), slice(message_key(id)), &row);
  if (!status.ok()) return read_failed(status, "envelope of message " + id.text());
  return decode_envelope(id, view(row));
}

Result<std::string> RocksStore::content(const queue::MessageId& id) const {
  std::string content;
  const rocksdb::Status status =
      db().Get(bounded(nullptr), family(kContent), slice(message_key(id)), &content);
  if (!status.ok()) return read_failed(status, "content of message " + id.text());
  return content;
}

Result<std::vector<queue::Job>> RocksStore::jobs_of(const queue::MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = scan(kJob, bounded(&upper));
  std::vector<queue::Job> jobs;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) {
    if (auto job = read_job(view(rows->key()), view(rows->value())))
      jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return read_failed(rows->status(), "jobs of message " + id.text());
  return jobs;
}

// The smallest key behind `key`.
queue::Position position_after(const rocksdb::Slice& key) {
  queue::Position position(view(key));
  position.push_back('\0');
  return position;
}

Result<queue::JobPage> RocksStore::due(const queue::Position& from, SystemTime until,
                                       std::size_t limit) const {
  const std::string bound = due_bound(until + std::chrono::microseconds(1));
  const rocksdb::Slice upper = slice(bound);
  // Index and jobs as of one moment: a job that is replaced meanwhile is not taken for a lost one.
  rocksdb::ManagedSnapshot snapshot(&db());
  rocksdb::ReadOptions options = bounded(&upper);
  options.snapshot = snapshot.snapshot();
  rocksdb::ReadOptions get;
  get.snapshot = snapshot.snapshot();

  queue::JobPage page;
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
    const rocksdb::Status status = db().Get(get, family(kJob), slice(key), &row);
    if (status.IsNotFound()) {
      log::error(
          "queue_row_corrupt",
          {{"id", ref->id.text()}, {"job", ref->number}, {"error", "a due time without its job"}});
      continue;
    }
    if (!status.ok()) return scan_failed(status, "reading a job that is due");
    if (auto job = read_job(key, view(row))) page.jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return scan_failed(rows->status(), "reading due times");
  page.end = !rows->Valid();
  return page;
}

Result<queue::JobPage> RocksStore::jobs(const queue::Position& from, std::size_t limit,
                                        std::string_view containing) const {
  const auto rows = scan(kJob, bounded(nullptr));
  queue::JobPage page;
  page.next = from;
  std::size_t seen = 0;
  for (rows->Seek(slice(from)); rows->Valid() && seen < limit; rows->Next()) {
    ++seen;
    page.next.assign(view(rows->key())).push_back('\0');  // position_after(), in place
    if (!view(rows->value()).contains(containing)) continue;
    if (auto job = read_job(view(rows->key()), view(rows->value())))
      page.jobs.push_back(std::move(*job));
  }
  if (!rows->status().ok()) return scan_failed(rows->status(), "reading jobs");
  page.end = !rows->Valid();
  return page;
}

queue::Totals RocksStore::totals() const {
  const auto of = [this](queue::JobState state) {
    return jobs_[std::to_underlying(state)].load(std::memory_order_relaxed);
  };
  return {.ready = of(queue::JobState::Ready),
          .deferred = of(queue::JobState::Deferred),
          .held = of(queue::JobState::Held)};
}

std::optional<SystemTime> RocksStore::oldest(queue::JobState state) const {
  if (jobs_[std::to_underlying(state)].load(std::memory_order_relaxed) == 0) return std::nullopt;
  SystemTime first = first_.load(std::memory_order_relaxed);
  // The slack: ids are made before the commit, and a commit may take its time.
  queue::MessageId from;
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

std::uint64_t RocksStore::pending_bytes() const {
  std::uint64_t octets = 0;
  db().GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &octets);
  return octets;
}

// Removals that are written out let the log files go that have them, and what they remove.
Result<void> RocksStore::reclaim_space(std::atomic<bool>& cancelled) {
  rocksdb::Status status = db().Flush(rocksdb::FlushOptions(), database_->mail_families());
  rocksdb::CompactRangeOptions all;
  all.canceled = &cancelled;
  all.exclusive_manual_compaction = false;
  for (rocksdb::ColumnFamilyHandle* each : database_->mail_families()) {
    if (status.ok()) status = db().CompactRange(all, each, nullptr, nullptr);
  }
  if (!status.ok() && !status.IsIncomplete()) return failure(status, "reclaiming space");
  return {};
}

std::string RocksStore::engine_text() const {
  return "RocksDB " + rocksdb::GetRocksVersionAsString() + ", format " + std::to_string(kFormat) +
         ", memtables of " + std::to_string(options_.write_buffer_size >> 20) + " MiB" +
         (options_.sync ? "" : ", NOT SYNCED");
}

}  // namespace

Result<std::unique_ptr<queue::Store>> open_rocks_store(const std::string& directory,
                                                       const RocksOptions& options) {
  auto opened = rocks::open_queue(directory, options);
  if (!opened) return Failure(std::move(opened).error());
  return std::make_unique<RocksStore>(directory, std::move(*opened), options);
}

}  // namespace signpost::rocks
