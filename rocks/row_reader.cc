#include "rocks/row_reader.h"

#include "rocks/check_mark.h"
#include "rocks/codec.h"
#include "rocks/events.h"
#include "rocks/keys.h"

#include <memory>
#include <utility>

namespace signpost::rocks {

Failure RowReader::read_failed(const rocksdb::Status& status, std::string_view what) const {
  Failure failed = failure(status, what);
  if (failed.error().code == Errc::Corrupt && !damaged_.exchange(true)) {
    log::emit(
        events::QueueDamaged{.directory = directory_,
                             .detail = failed.error().detail,
                             .then = "the next start makes a new queue from what can be read"});
    ask_for_check(directory_);
  }
  return failed;
}

Failure RowReader::scan_failed(const rocksdb::Status& status, std::string_view what) const {
  Failure failed = read_failed(status, what);
  if (failed.error().code == Errc::Corrupt) ask_for_restart();
  return failed;
}

Result<queue::Envelope> RowReader::envelope(const queue::MessageId& id) const {
  rocksdb::PinnableSlice row;
  const rocksdb::Status status = get(kEnvelope, message_key(id), row);
  if (!status.ok()) return read_failed(status, "envelope of message " + id.text());
  return decode_envelope(id, view(row));
}

Result<std::string> RowReader::content(const queue::MessageId& id) const {
  std::string content;
  const rocksdb::Status status =
      database_.db().Get(bounded(nullptr), database_[kContent], slice(message_key(id)), &content);
  if (!status.ok()) return read_failed(status, "content of message " + id.text());
  return content;
}

Result<std::vector<queue::Job>> RowReader::jobs_of(const queue::MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = database_.scan(kJob, bounded(&upper));
  std::vector<queue::Job> jobs;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) {
    if (auto job = read_job(view(rows->key()), view(rows->value()))) {
      jobs.push_back(std::move(*job));
    }
  }
  if (!rows->status().ok()) return read_failed(rows->status(), "jobs of message " + id.text());
  return jobs;
}

Result<std::uint32_t> RowReader::count_jobs(const queue::MessageId& id) const {
  const std::string bound = after_prefix(message_key(id));
  const rocksdb::Slice upper = slice(bound);
  const auto rows = database_.scan(kJob, bounded(&upper));
  std::uint32_t count = 0;
  for (rows->Seek(slice(message_key(id))); rows->Valid(); rows->Next()) ++count;
  if (!rows->status().ok()) return read_failed(rows->status(), "counting jobs");
  return count;
}

Result<std::optional<queue::Job>> RowReader::job(const queue::JobRef& ref) const {
  // Usually the caller knows the stored version.
  auto same = version(ref);
  if (!same || *same) return same;
  const std::string prefix = job_prefix(ref);
  const std::string bound = after_prefix(prefix);
  const rocksdb::Slice upper = slice(bound);
  const auto rows = database_.scan(kJob, bounded(&upper));
  std::optional<queue::Job> found;
  for (rows->Seek(slice(prefix)); rows->Valid(); rows->Next()) {
    found = read_job(view(rows->key()), view(rows->value()));
  }
  if (!rows->status().ok()) return read_failed(rows->status(), "job of message " + ref.id.text());
  return found;
}

Result<std::optional<queue::Job>> RowReader::version(const queue::JobRef& ref) const {
  const std::string key = job_key(ref);
  rocksdb::PinnableSlice row;
  const rocksdb::Status status = get(kJob, key, row);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return read_failed(status, "job of message " + ref.id.text());
  return read_job(key, view(row));
}

Result<bool> RowReader::has_version(const queue::JobRef& ref) const {
  rocksdb::PinnableSlice row;
  const rocksdb::Status status = get(kJob, job_key(ref), row);
  if (!status.ok() && !status.IsNotFound()) return read_failed(status, "reading a job");
  return status.ok();
}

}  // namespace signpost::rocks
