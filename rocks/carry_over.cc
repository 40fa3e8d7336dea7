#include "rocks/carry_over.h"

#include "base/ascii.h"
#include "rocks/codec.h"
#include "rocks/events.h"
#include "rocks/keys.h"

#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace signpost::rocks {

namespace {

constexpr auto kProgressInterval = std::chrono::seconds(5);
constexpr std::uint32_t kFormerFormat = 1;
constexpr std::string_view kMarkKey = "carrying-over";

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

// The two families are walked side by side, in the order of the messages.
class CarryOver {
 public:
  CarryOver(const Database& database, std::size_t batch_rows)
      : database_(database),
        batch_rows_(batch_rows),
        jobs_(database.scan(kJob, bounded(nullptr))),
        envelopes_(database.scan(kEnvelope, bounded(nullptr))) {}

  Result<void> run() {
    envelopes_->SeekToFirst();
    for (jobs_->SeekToFirst(); jobs_->Valid(); jobs_->Next()) {
      if (!is_former_job(view(jobs_->value()))) continue;  // carried over by an earlier start
      if (auto done = carry(); !done) return done;
      if (rows_in_batch_ < batch_rows_) continue;
      if (auto written = write(); !written) return written;
    }
    if (!jobs_->status().ok()) return failure(jobs_->status(), "reading jobs to carry them over");
    if (auto written = write(); !written) return written;
    log::emit(events::QueueCarriedOver{.from_format = kFormerFormat,
                                       .to_format = kFormat,
                                       .jobs = jobs_done_,
                                       .unreadable = unreadable_});
    return {};
  }

 private:
  // The new version gets a revision of its own, since each key is put once. A row that cannot be
  // read stays where it is, as it always does.
  Result<void> carry() {
    const auto ref = parse_job_key(view(jobs_->key()));
    auto job = ref ? decode_former_job(*ref, view(jobs_->value()))
                   : fail(Errc::Corrupt, "a job's key is malformed");
    if (!job) {
      ++unreadable_;  // counting the jobs reports it, here and at each start
      return {};
    }
    const auto envelope = envelope_of(ref->id);
    if (!envelope) return Failure(envelope.error());
    batch_.SingleDelete(database_[kJob], jobs_->key());
    if (job->state == queue::JobState::Deferred && database_.former_due() != nullptr) {
      batch_.SingleDelete(database_.former_due(), slice(former_due_key(job->due, *ref)));
    }
    ++job->ref.revision;
    place_former_job(*job, *envelope ? &**envelope : nullptr);
    batch_.Put(database_[kJob], slice(job_key(job->ref)), slice(encode_job(*job)));
    if (job->state != queue::JobState::Held) {
      batch_.Put(database_[kLane], slice(lane_key(job->lane, position_of(*job))),
                 slice(lane_row(*job)));
    }
    ++rows_in_batch_;
    return {};
  }

  Result<std::optional<queue::Envelope>> envelope_of(const queue::MessageId& id) {
    const rocksdb::Slice key = slice(message_key(id));
    while (envelopes_->Valid() && envelopes_->key().compare(key) < 0) envelopes_->Next();
    if (!envelopes_->status().ok()) {
      return failure(envelopes_->status(), "reading envelopes to carry jobs over");
    }
    if (!envelopes_->Valid() || envelopes_->key() != key) return std::nullopt;
    auto envelope = decode_envelope(id, view(envelopes_->value()));
    if (!envelope) return std::nullopt;
    return std::move(*envelope);
  }

  Result<void> write() {
    if (rows_in_batch_ == 0) return {};
    const rocksdb::Status status = database_.db().Write(synced(), &batch_);
    if (!status.ok()) return failure(status, "carrying the queue over");
    batch_.Clear();
    jobs_done_ += std::exchange(rows_in_batch_, 0);
    const auto now = std::chrono::steady_clock::now();
    if (now - logged_ < kProgressInterval) return {};
    logged_ = now;
    log::emit(events::QueueCarryingOver{
        .from_format = kFormerFormat, .to_format = kFormat, .jobs = jobs_done_});
    return {};
  }

  const Database& database_;
  const std::size_t batch_rows_;
  const std::unique_ptr<rocksdb::Iterator> jobs_;
  const std::unique_ptr<rocksdb::Iterator> envelopes_;
  rocksdb::WriteBatch batch_;
  std::size_t rows_in_batch_ = 0;
  std::uint64_t jobs_done_ = 0;
  std::uint64_t unreadable_ = 0;
  std::chrono::steady_clock::time_point logged_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<void> begin_carry_over(const std::string& directory, const Options& options) {
  auto database = Database::open_as_it_is(directory, options);
  if (!database) return Failure(std::move(database).error());
  log::emit(events::QueueCarryingOver{.from_format = kFormerFormat, .to_format = kFormat});
  rocksdb::WriteBatch batch;
  batch.Put((**database)[kDefault], slice(kFormatKey), std::to_string(kFormat));
  batch.Put((**database)[kDefault], slice(kMarkKey), "1");
  const rocksdb::Status status = (*database)->db().Write(synced(), &batch);
  if (!status.ok()) return failure(status, "writing the queue's format");
  return {};
}

Result<void> finish_carry_over(Database& database, const Options& options) {
  std::string mark;
  rocksdb::Status status = database.db().Get({}, database[kDefault], slice(kMarkKey), &mark);
  if (!status.ok() && !status.IsNotFound()) return failure(status, "reading the queue's format");
  const bool marked = status.ok();
  if (marked) {
    if (auto done = CarryOver(database, options.carry_over_batch).run(); !done) return done;
  }
  if (auto dropped = database.drop_former_due(); !dropped) return dropped;
  if (!marked) return {};
  status = database.db().Delete(synced(), database[kDefault], slice(kMarkKey));
  if (!status.ok()) return failure(status, "carrying the queue over");
  return {};
}

void place_former_job(queue::Job& job, const queue::Envelope* envelope) {
  queue::Lane& lane = job.lane;
  if (envelope != nullptr && !envelope->login.empty()) {
    lane.account = envelope->login;
  } else {
    const bool has_sender = envelope != nullptr && envelope->reverse_path.has_value();
    lane.account = "@";
    if (has_sender) lane.account += ascii::lower(envelope->reverse_path->domain());
  }
  std::erase(lane.account, '\0');  // which ends a text in a lane's key
  if (job.state == queue::JobState::Ready) {
    job.due = envelope != nullptr ? envelope->received : job.ref.id.time();
  }
}

}  // namespace signpost::rocks
