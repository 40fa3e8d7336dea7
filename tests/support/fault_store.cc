#include "tests/support/fault_store.h"

#include "base/check.h"

#include "rocks/keys.h"
#include <algorithm>
#include <utility>

namespace signpost::test {

using queue::Change;
using queue::Job;
using queue::JobPage;
using queue::JobState;
using queue::MessageId;
using queue::Position;

void FaultStore::fail_writes(const std::string& words) {
  const std::lock_guard lock(mutex_);
  write_error_ = Error{Errc::Io, words};
}

void FaultStore::fail_reads(const std::string& words) {
  const std::lock_guard lock(mutex_);
  read_error_ = Error{Errc::Io, words};
}

void FaultStore::lose_syncs() {
  const std::lock_guard lock(mutex_);
  losing_ = true;
}

void FaultStore::heal() {
  const std::lock_guard lock(mutex_);
  write_error_.reset();
  read_error_.reset();
  losing_ = false;
}

void FaultStore::crash() {
  const std::lock_guard lock(mutex_);
  state_ = synced_;
}

void FaultStore::hold() {
  const std::lock_guard lock(mutex_);
  hold_ = true;
}

void FaultStore::await_held() {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [this] { return held_; });
}

void FaultStore::release() {
  const std::lock_guard lock(mutex_);
  hold_ = false;
  moved_.notify_all();
}

void FaultStore::on_due_read(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  due_read_ = std::move(hook);
}

std::vector<std::size_t> FaultStore::groups() const {
  const std::lock_guard lock(mutex_);
  return groups_;
}

std::size_t FaultStore::rows() const {
  const std::lock_guard lock(mutex_);
  return state_.messages.size() + state_.jobs.size() + state_.due.size();
}

std::size_t FaultStore::largest_page() const {
  const std::lock_guard lock(mutex_);
  return largest_page_;
}

Result<void> FaultStore::apply(std::span<const queue::Change* const> changes) {
  std::unique_lock lock(mutex_);
  if (hold_) {
    held_ = true;
    moved_.notify_all();
    moved_.wait(lock, [this] { return !hold_; });
    held_ = false;
  }
  if (write_error_) return Failure(*write_error_);
  for (const queue::Change* change : changes) apply_to(state_, *change);
  if (!losing_) synced_ = state_;
  groups_.push_back(changes.size());
  return {};
}

void FaultStore::apply_to(State& state, const queue::Change& change) {
  for (const queue::Change::Enqueued& enqueued : change.enqueued) {
    state.messages.emplace(enqueued.message->envelope.id, *enqueued.message);
    for (const queue::Job& job : enqueued.jobs) put(state, job);
  }
  for (const queue::Job& job : change.removed) {
    drop(state, job);
    const auto next = state.jobs.lower_bound(rocks::job_key({job.ref.id, 0, 0}));
    const bool left = next != state.jobs.end() && next->second.ref.id == job.ref.id;
    if (!left) state.messages.erase(job.ref.id);
  }
  for (const queue::Change::Replaced& replaced : change.replaced) {
    drop(state, replaced.before);
    put(state, replaced.after);
  }
}

void FaultStore::put(State& state, const queue::Job& job) {
  CHECK(state.jobs.emplace(rocks::job_key(job.ref), job).second);
  if (job.state == queue::JobState::Deferred) {
    CHECK(state.due.emplace(rocks::due_key(job.due, job.ref), job.ref).second);
  }
}

void FaultStore::drop(State& state, const queue::Job& job) {
  CHECK(state.jobs.erase(rocks::job_key(job.ref)) == 1);
  if (job.state == queue::JobState::Deferred) {
    CHECK(state.due.erase(rocks::due_key(job.due, job.ref)) == 1);
  }
}

Result<queue::Envelope> FaultStore::envelope(const queue::MessageId& id) const {
  const std::lock_guard lock(mutex_);
  if (read_error_) return Failure(*read_error_);
  const auto it = state_.messages.find(id);
  if (it == state_.messages.end()) return fail(Errc::NotFound, id.text());
  return it->second.envelope;
}

Result<std::string> FaultStore::content(const queue::MessageId& id) const {
  const std::lock_guard lock(mutex_);
  if (read_error_) return Failure(*read_error_);
  const auto it = state_.messages.find(id);
  if (it == state_.messages.end()) return fail(Errc::NotFound, id.text());
  return it->second.content;
}

Result<std::vector<queue::Job>> FaultStore::jobs_of(const queue::MessageId& id) const {
  const std::lock_guard lock(mutex_);
  if (read_error_) return Failure(*read_error_);
  std::vector<queue::Job> jobs;
  for (auto it = state_.jobs.lower_bound(rocks::job_key({id, 0, 0}));
       it != state_.jobs.end() && it->second.ref.id == id; ++it) {
    jobs.push_back(it->second);
  }
  return jobs;
}

Result<queue::JobPage> FaultStore::due(const queue::Position& from, SystemTime until,
                                       std::size_t limit) const {
  queue::JobPage page;
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    if (read_error_) return Failure(*read_error_);
    page.next = from;
    const std::string bound = rocks::due_bound(until + std::chrono::microseconds(1));
    auto it = state_.due.lower_bound(from);
    for (; it != state_.due.end() && it->first < bound && page.jobs.size() < limit; ++it) {
      page.jobs.push_back(state_.jobs.at(rocks::job_key(it->second)));
      page.next = it->first + '\0';
    }
    page.end = it == state_.due.end() || it->first >= bound;
    largest_page_ = std::max(largest_page_, page.jobs.size());
    hook = due_read_;
  }
  if (hook) hook();
  return page;
}

Result<queue::JobPage> FaultStore::jobs(const queue::Position& from, std::size_t limit,
                                        std::string_view /*containing*/) const {
  const std::lock_guard lock(mutex_);
  if (read_error_) return Failure(*read_error_);
  queue::JobPage page;
  page.next = from;
  auto it = state_.jobs.lower_bound(from);
  for (; it != state_.jobs.end() && page.jobs.size() < limit; ++it) {
    page.jobs.push_back(it->second);
    page.next = it->first + '\0';
  }
  page.end = it == state_.jobs.end();
  largest_page_ = std::max(largest_page_, page.jobs.size());
  return page;
}

queue::Position FaultStore::due_position(const queue::Job& job) const {
  return rocks::due_key(job.due, job.ref);
}

queue::Totals FaultStore::totals() const {
  const std::lock_guard lock(mutex_);
  queue::Totals totals;
  for (const auto& [key, job] : state_.jobs) {
    if (job.state == queue::JobState::Ready) ++totals.ready;
    if (job.state == queue::JobState::Deferred) ++totals.deferred;
    if (job.state == queue::JobState::Held) ++totals.held;
  }
  return totals;
}

std::optional<SystemTime> FaultStore::oldest(queue::JobState state) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, job] : state_.jobs) {
    if (job.state == state) return job.ref.id.time();
  }
  return std::nullopt;
}

std::string FaultStore::engine_text() const { return "memory that may fail"; }

}  // namespace signpost::test
