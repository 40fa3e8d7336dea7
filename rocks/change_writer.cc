#include "rocks/change_writer.h"

#include "base/check.h"
#include "queue/events.h"
#include "rocks/check_mark.h"
#include "rocks/codec.h"
#include "rocks/disk_room.h"
#include "rocks/events.h"
#include "rocks/keys.h"

#include <algorithm>
#include <utility>

namespace signpost::rocks {

namespace {

constexpr std::size_t kKept = 1 << 17;          // messages in a generation of JobCounts
constexpr std::size_t kMaxKeptBatch = 8 << 20;  // octets of memory a batch may keep
constexpr std::size_t kOldRemovalsPerFlush = 20'000;
constexpr std::uint64_t kSpare = 64 << 10;  // octets of the disk, for what the log adds
constexpr auto kResumeInterval = std::chrono::seconds(1);

}  // namespace

ChangeWriter::ChangeWriter(const RowReader& reader, Tally& tally, const Options& options)
    : reader_(reader), tally_(tally), counts_(kKept) {
  write_options_.sync = options.sync;
}

void ChangeWriter::Group::clear() {
  if (batch.GetDataSize() > kMaxKeptBatch) {
    batch = rocksdb::WriteBatch();
  } else {
    batch.Clear();
  }
  added.clear();
  removed.clear();
  counts = {};
  first = SystemTime::max();
  old_removals = 0;
}

Result<void> ChangeWriter::apply(std::span<const queue::Change* const> changes) {
  if (auto ready = resume(); !ready) return ready;
  group_.clear();
  counts_.trim();
  // New messages first: nothing else in the group refers to a new message before it is stored. Keys
  // in ascending order find their place in a memtable next to the previous one; new and old ones in
  // turn would each need a search.
  for (const queue::Change* change : changes) {
    for (const queue::Change::Enqueued& enqueued : change->enqueued) enqueue(enqueued);
  }
  for (const queue::Change* change : changes) {
    if (auto gathered = gather(*change); !gathered) {
      counts_.clear();  // it is ahead of the store: count there again
      return gathered;
    }
  }
  if (changes.empty()) {
    group_.batch.Put(family(kDefault), slice(kFormatKey), std::to_string(kFormat));
  }
  if (group_.batch.Count() == 0) return {};
  if (auto room = find_room(); !room) return room;
  const rocksdb::Status status = db().Write(write_options_, &group_.batch);
  if (!status.ok()) return write_failed(status);
  tally_.add(group_.counts);
  tally_.lower_first(group_.first);
  flush_old_removals();
  return {};
}

// A write that the disk has no room for is not begun: after one that failed halfway RocksDB may
// come back to the same log file, which it refuses with an assertion.
Result<void> ChangeWriter::find_room() {
  const auto room = disk_room(reader_.directory());
  if (!room || room->free >= group_.batch.GetDataSize() + kSpare) return {};
  counts_.clear();  // it is ahead of the store: count there again
  return fail(Errc::Io, "the queue cannot be written: No space left on device: " +
                            std::to_string(room->free) + " octets are free");
}

Result<void> ChangeWriter::gather(const queue::Change& change) {
  for (const queue::Job& job : change.removed) {
    if (auto done = remove(job); !done) return done;
  }
  for (const queue::Change::Replaced& replaced : change.replaced) {
    if (auto done = replace(replaced); !done) return done;
  }
  return {};
}

void ChangeWriter::enqueue(const queue::Change::Enqueued& enqueued) {
  CHECK(enqueued.message != nullptr && !enqueued.jobs.empty());
  const queue::MessageId& id = enqueued.message->envelope.id;
  const rocksdb::Slice key = slice(message_key(id));
  group_.batch.Put(family(kContent), key, slice(enqueued.message->content));
  encode_envelope(enqueued.message->envelope, row_);
  group_.batch.Put(family(kEnvelope), key, slice(row_));
  for (const queue::Job& job : enqueued.jobs) {
    CHECK(job.ref.id == id && job.ref.revision == 0);
    CHECK(job.ref.number < enqueued.jobs.size());
    put_job(job);
  }
  counts_.insert(id, {.left = static_cast<std::uint32_t>(enqueued.jobs.size()), .untouched = true});
  group_.first = std::min(group_.first, id.time());
}

Result<void> ChangeWriter::remove(const queue::Job& job) {
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

Result<void> ChangeWriter::replace(const queue::Change::Replaced& replaced) {
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

void ChangeWriter::put_job(const queue::Job& job) {
  job_key(job.ref, key_);
  encode_job(job, row_);
  group_.batch.Put(family(kJob), slice(key_), slice(row_));
  if (job.state != queue::JobState::Held) {
    lane_key(job.lane, position_of(job), key_);
    group_.batch.Put(family(kLane), slice(key_), slice(lane_row(job)));
  }
  ++group_.counts.jobs[std::to_underlying(job.state)];
  group_.counts.recipients += static_cast<std::int64_t>(job.recipients.size());
  group_.added.push_back(job.ref);
}

void ChangeWriter::drop_job(const queue::Job& job) {
  job_key(job.ref, key_);
  group_.batch.SingleDelete(family(kJob), slice(key_));
  if (job.state != queue::JobState::Held) {
    lane_key(job.lane, position_of(job), key_);
    group_.batch.SingleDelete(family(kLane), slice(key_));
  }
  --group_.counts.jobs[std::to_underlying(job.state)];
  group_.counts.recipients -= static_cast<std::int64_t>(job.recipients.size());
  group_.removed.push_back(job.ref);
}

Result<JobCounts::Count*> ChangeWriter::count_of(const queue::MessageId& id) {
  if (JobCounts::Count* count = counts_.find(id)) return count;
  auto rows = reader_.count_jobs(id);
  if (!rows) return Failure(std::move(rows).error());
  ++group_.old_removals;
  return &counts_.insert(id, {.left = *rows, .untouched = false});
}

// A missing key must not be deleted: RocksDB leaves undefined what a SingleDelete without its
// Put does, and the count of the message's jobs would be wrong. So a change that comes too late, or
// twice, changes nothing.
Result<bool> ChangeWriter::is_stored(const queue::JobRef& ref,
                                     const JobCounts::Count& count) const {
  if (count.untouched) return ref.revision == 0 && ref.number < count.left;
  bool stored = std::ranges::find(group_.added, ref) != group_.added.end();
  if (!stored) {
    const auto found = reader_.has_version(ref);
    if (!found) return found;
    stored = *found;
  }
  stored = stored && std::ranges::find(group_.removed, ref) == group_.removed.end();
  if (!stored) {
    log::emit(queue::events::QueueChangeTooLate{
        .id = ref.id.text(), .job = ref.number, .revision = ref.revision});
  }
  return stored;
}

// After an error RocksDB refuses to write until the cause is gone. It checks that itself every
// few seconds, and at once when asked; we ask at most once a second, since each attempt
// may write all memtables out.
Result<void> ChangeWriter::resume() {
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

Result<void> ChangeWriter::write_failed(const rocksdb::Status& status) {
  counts_.clear();  // it is ahead of the store: count there again
  failed_ = true;
  const bool for_good = status.severity() >= rocksdb::Status::Severity::kFatalError;
  if (for_good) reader_.ask_for_restart();
  if (for_good && status.IsCorruption()) ask_for_check(reader_.directory());
  last_failure_ = failure(status, for_good ? "the queue cannot be written until a restart"
                                           : "the queue cannot be written")
                      .error();
  return Failure(last_failure_);
}

// Removals of old mail are small and would wait in memory for long, and the blobs with them.
void ChangeWriter::flush_old_removals() {
  old_removals_ += group_.old_removals;
  if (old_removals_ < kOldRemovalsPerFlush) return;
  old_removals_ = 0;
  rocksdb::FlushOptions flush;
  flush.wait = false;
  const rocksdb::Status status = db().Flush(flush, reader_.database().mail_families());
  if (!status.ok()) log::emit(events::QueueFlushFailed{.detail = status.ToString()});
}

}  // namespace signpost::rocks
