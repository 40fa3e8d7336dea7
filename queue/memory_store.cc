#include "queue/memory_store.h"

#include "base/check.h"
#include "queue/events.h"
#include "queue/job_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace signpost::queue {

namespace {

// Cursors are the text of what comes next.
std::string cursor_of(const JobRef& ref) {
  return ref.id.text() + " " + std::to_string(ref.number);
}

JobRef job_at(const Cursor& cursor) {
  const auto id = MessageId::parse(cursor.substr(0, cursor.find(' ')));
  CHECK(id.has_value());
  const auto number = std::stoul(cursor.substr(cursor.find(' ')));
  return {*id, static_cast<std::uint16_t>(number), 0};
}

std::string cursor_of(const Lane& lane) {
  return fmt::format("{}\n{}\n{}\n{}", lane.domain, lane.account, lane.route, lane.priority);
}

Lane lane_at(const Cursor& cursor) {
  const std::size_t first = cursor.find('\n');
  const std::size_t second = cursor.find('\n', first + 1);
  const std::size_t third = cursor.find('\n', second + 1);
  CHECK(first != Cursor::npos && second != Cursor::npos && third != Cursor::npos);
  return {cursor.substr(0, first), cursor.substr(first + 1, second - first - 1),
          cursor.substr(second + 1, third - second - 1), std::stoi(cursor.substr(third + 1))};
}

}  // namespace

Result<void> MemoryStore::apply(std::span<const Change* const> changes) {
  const MutexLock lock(mutex_);
  for (const Change* change : changes) apply_one(*change);
  return {};
}

void MemoryStore::apply_one(const Change& change) {
  for (const Change::Enqueued& enqueued : change.enqueued) {
    CHECK(enqueued.message != nullptr && !enqueued.jobs.empty());
    const MessageId& id = enqueued.message->envelope.id;
    CHECK(state_.messages.emplace(id, enqueued.message).second);
    for (const Job& job : enqueued.jobs) {
      CHECK(job.ref.id == id && job.ref.revision == 0 && job.ref.number < enqueued.jobs.size());
      put(job);
    }
  }
  for (const Job& job : change.removed) {
    if (!drop(job)) continue;
    const auto next = state_.jobs.lower_bound({job.ref.id, 0, 0});
    const bool left = next != state_.jobs.end() && next->first.id == job.ref.id;
    if (!left) state_.messages.erase(job.ref.id);
  }
  for (const Change::Replaced& replaced : change.replaced) {
    const JobRef& before = replaced.before.ref;
    const JobRef& after = replaced.after.ref;
    CHECK(after.id == before.id && after.number == before.number);
    CHECK(after.revision == before.revision + 1);
    if (drop(replaced.before)) put(replaced.after);
  }
}

void MemoryStore::put(const Job& job) {
  CHECK(state_.jobs.emplace(job.ref, job).second);
  if (job.state == JobState::Held) return;
  state_.lanes[job.lane].emplace(position_of(job), Waiting{job.delay_notified, job.deadline});
}

bool MemoryStore::drop(const Job& job) {
  if (state_.jobs.erase(job.ref) == 0) {
    log::emit(events::QueueChangeTooLate{
        .id = job.ref.id.text(), .job = job.ref.number, .revision = job.ref.revision});
    return false;
  }
  if (job.state == JobState::Held) return true;
  const auto lane = state_.lanes.find(job.lane);
  CHECK(lane != state_.lanes.end() && lane->second.erase(position_of(job)) == 1);
  if (lane->second.empty()) state_.lanes.erase(lane);
  return true;
}

Result<Envelope> MemoryStore::envelope(const MessageId& id) const {
  const MutexLock lock(mutex_);
  const auto found = state_.messages.find(id);
  if (found == state_.messages.end()) return fail(Errc::NotFound, id.text());
  return found->second->envelope;
}

Result<std::string> MemoryStore::content(const MessageId& id) const {
  const MutexLock lock(mutex_);
  const auto found = state_.messages.find(id);
  if (found == state_.messages.end()) return fail(Errc::NotFound, id.text());
  return found->second->content;
}

Result<std::vector<Job>> MemoryStore::jobs_of(const MessageId& id) const {
  const MutexLock lock(mutex_);
  std::vector<Job> jobs;
  for (auto it = state_.jobs.lower_bound({id, 0, 0}); it != state_.jobs.end() && it->first.id == id;
       ++it) {
    jobs.push_back(it->second);
  }
  return jobs;
}

Result<std::optional<Job>> MemoryStore::job(const JobRef& ref) const {
  const MutexLock lock(mutex_);
  return stored(ref);
}

std::optional<Job> MemoryStore::stored(const JobRef& ref) const {
  const auto found = state_.jobs.lower_bound({ref.id, ref.number, 0});
  if (found == state_.jobs.end() || found->first.id != ref.id ||
      found->first.number != ref.number) {
    return std::nullopt;
  }
  return found->second;
}

Result<JobPage> MemoryStore::jobs(const JobFilter& filter, const Cursor& from,
                                  std::size_t limit) const {
  const MutexLock lock(mutex_);
  JobPage page;
  page.next = from;
  auto it = from.empty() ? state_.jobs.begin() : state_.jobs.lower_bound(job_at(from));
  for (; it != state_.jobs.end() && page.jobs.size() < limit; ++it) {
    if (!job_matches(filter, it->second)) continue;
    const Envelope& envelope = state_.messages.at(it->first.id)->envelope;
    if (envelope_matches(filter, envelope)) page.jobs.push_back({it->second, envelope});
  }
  page.end = it == state_.jobs.end();
  if (!page.end) page.next = cursor_of(it->first);
  return page;
}

Result<LanePage> MemoryStore::lanes(const Cursor& from, std::size_t limit) const {
  const MutexLock lock(mutex_);
  LanePage page;
  page.next = from;
  auto it = from.empty() ? state_.lanes.begin() : state_.lanes.lower_bound(lane_at(from));
  for (; it != state_.lanes.end() && page.lanes.size() < limit; ++it) {
    page.lanes.push_back({it->first, it->second.begin()->first.due});
  }
  page.end = it == state_.lanes.end();
  if (!page.end) page.next = cursor_of(it->first);
  return page;
}

Result<LaneCounts> MemoryStore::count_waiting(const Cursor& from, std::size_t limit) const {
  const MutexLock lock(mutex_);
  LaneCounts counts;
  counts.next = from;
  auto it = from.empty() ? state_.lanes.begin() : state_.lanes.lower_bound(lane_at(from));
  for (std::size_t rows = 0; it != state_.lanes.end() && rows < limit; ++it) {
    counts.lanes.emplace_back(it->first, it->second.size());
    rows += it->second.size();
  }
  counts.end = it == state_.lanes.end();
  if (!counts.end) counts.next = cursor_of(it->first);
  return counts;
}

const std::map<LanePosition, MemoryStore::Waiting>* MemoryStore::rows_of(const Lane& lane) const {
  static const std::map<LanePosition, Waiting> none;
  const auto found = state_.lanes.find(lane);
  return found == state_.lanes.end() ? &none : &found->second;
}

Result<ClaimedJobs> MemoryStore::claim_due(const Lane& lane, const LanePosition& from,
                                           SystemTime until, std::size_t limit) {
  const MutexLock lock(mutex_);
  const auto& rows = *rows_of(lane);
  ClaimedJobs claimed;
  claimed.next = from;
  auto it = rows.lower_bound(from);
  for (; it != rows.end() && it->first.due <= until && claimed.jobs.size() < limit; ++it) {
    claimed.next = position_after(it->first);
    if (claims().take(it->first.ref)) claimed.jobs.push_back(state_.jobs.at(it->first.ref));
  }
  claimed.end = it == rows.end() || it->first.due > until;
  if (claimed.end) claimed.next = std::max(claimed.next, first_position_after(until));
  if (it != rows.end()) claimed.due = it->first.due;
  return claimed;
}

Result<OverdueJobs> MemoryStore::overdue(const Lane& lane, const LanePosition& from,
                                         SystemTime until, SystemTime accepted_until, bool notified,
                                         std::size_t limit) const {
  const MutexLock lock(mutex_);
  const auto& rows = *rows_of(lane);
  OverdueJobs found;
  found.next = from;
  auto it = rows.lower_bound(from);
  for (; it != rows.end() && it->first.due <= until && limit > 0; ++it, --limit) {
    found.next = position_after(it->first);
    const bool old = it->first.ref.id.time() <= accepted_until;
    const bool asked = notified || !it->second.delay_notified;
    if ((old && asked) || (notified && it->second.deadline)) found.jobs.push_back(it->first.ref);
  }
  found.end = it == rows.end() || it->first.due > until;
  if (found.end) found.next = std::max(found.next, first_position_after(until));
  return found;
}

Totals MemoryStore::totals() const {
  const MutexLock lock(mutex_);
  std::array<std::uint64_t, 3> count{};
  std::uint64_t recipients = 0;
  for (const auto& [ref, job] : state_.jobs) {
    ++count[std::to_underlying(job.state)];
    recipients += job.recipients.size();
  }
  return {.ready = count[0], .deferred = count[1], .held = count[2], .recipients = recipients};
}

std::optional<SystemTime> MemoryStore::oldest(JobState wanted) const {
  const MutexLock lock(mutex_);
  for (const auto& [ref, job] : state_.jobs) {
    if (state_now(job) == wanted) return ref.id.time();
  }
  return std::nullopt;
}

std::size_t MemoryStore::rows() const {
  const MutexLock lock(mutex_);
  std::size_t count = state_.messages.size() + state_.jobs.size();
  for (const auto& [lane, rows] : state_.lanes) count += rows.size();
  return count;
}

MemoryStore::State MemoryStore::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

void MemoryStore::restore(State state) {
  const MutexLock lock(mutex_);
  state_ = std::move(state);
}

}  // namespace signpost::queue
