#include "tests/support/fault_store.h"

#include <utility>

namespace signpost::test {

void FaultStore::fail_writes(const std::string& words) {
  const std::lock_guard lock(faults_mutex_);
  write_error_ = Error{Errc::Io, words};
}

void FaultStore::fail_reads(const std::string& words) {
  const std::lock_guard lock(faults_mutex_);
  read_error_ = Error{Errc::Io, words};
}

void FaultStore::lose_syncs() {
  const std::lock_guard lock(faults_mutex_);
  losing_ = true;
  if (!synced_) synced_ = state();
}

void FaultStore::heal() {
  const std::lock_guard lock(faults_mutex_);
  write_error_.reset();
  read_error_.reset();
  losing_ = false;
}

void FaultStore::crash() {
  const std::lock_guard lock(faults_mutex_);
  if (!synced_) return;
  restore(*synced_);
  if (!losing_) synced_.reset();
}

void FaultStore::hold() {
  const std::lock_guard lock(faults_mutex_);
  hold_ = true;
}

void FaultStore::await_held() {
  std::unique_lock lock(faults_mutex_);
  moved_.wait(lock, [this] { return held_; });
}

void FaultStore::release() {
  const std::lock_guard lock(faults_mutex_);
  hold_ = false;
  moved_.notify_all();
}

std::vector<std::size_t> FaultStore::groups() const {
  const std::lock_guard lock(faults_mutex_);
  return groups_;
}

std::optional<Error> FaultStore::read_error() const {
  const std::lock_guard lock(faults_mutex_);
  return read_error_;
}

Result<void> FaultStore::apply(std::span<const queue::Change* const> changes) {
  std::unique_lock lock(faults_mutex_);
  if (hold_) {
    held_ = true;
    moved_.notify_all();
    moved_.wait(lock, [this] { return !hold_; });
    held_ = false;
  }
  if (write_error_) return Failure(*write_error_);
  auto applied = MemoryStore::apply(changes);
  if (!losing_) synced_.reset();
  if (applied) groups_.push_back(changes.size());
  return applied;
}

Result<queue::Envelope> FaultStore::envelope(const queue::MessageId& id) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::envelope(id);
}

Result<std::string> FaultStore::content(const queue::MessageId& id) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::content(id);
}

Result<std::vector<queue::Job>> FaultStore::jobs_of(const queue::MessageId& id) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::jobs_of(id);
}

Result<std::optional<queue::Job>> FaultStore::job(const queue::JobRef& ref) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::job(ref);
}

Result<queue::JobPage> FaultStore::jobs(const queue::JobFilter& filter, const queue::Cursor& from,
                                        std::size_t limit) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::jobs(filter, from, limit);
}

Result<queue::LanePage> FaultStore::lanes(const queue::Cursor& from, std::size_t limit) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::lanes(from, limit);
}

Result<queue::ClaimedJobs> FaultStore::claim_due(const queue::Lane& lane,
                                                 const queue::LanePosition& from, SystemTime until,
                                                 std::size_t limit) {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::claim_due(lane, from, until, limit);
}

Result<queue::OverdueJobs> FaultStore::overdue(const queue::Lane& lane,
                                               const queue::LanePosition& from, SystemTime until,
                                               SystemTime accepted_until, bool notified,
                                               std::size_t limit) const {
  if (auto error = read_error()) return Failure(std::move(*error));
  return MemoryStore::overdue(lane, from, until, accepted_until, notified, limit);
}

}  // namespace signpost::test
