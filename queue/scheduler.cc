#include "queue/scheduler.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace signpost::queue {

namespace {

constexpr std::size_t kPage = 512;  // rows of one read while recovering
constexpr std::size_t kMaxMissed = 10'000;
// How far the ids of a busy moment may run ahead of the clock.
constexpr auto kIdsAhead = std::chrono::seconds(1);

}  // namespace

// Two scans, each with a position: what lies before it was handed out or is of no interest.
//
//   recovery   over all jobs in the order of their ids, once: those that are ready and of the last
//              run. Ends for good when the end of the index is reached.
//   due        over the due times, to `now`, for ever. Its position only moves on, so that each row
//              is handed out once, although the row stays there while its job is worked on.
//
// A job whose due time lies before the position of the due scan when it is committed was missed by
// it: committed() notes it, and take() reads that one row. Rows that come while a scan is running
// are noted as well, and looked at when it is known how far the scan came.
struct Scheduler::Impl {
  Impl(const Store& s, SystemTime begin) : store(s), started(begin) {}

  Result<void> recover(SystemTime now, std::size_t limit, std::vector<Job>& out);
  Result<void> take_missed(SystemTime now, std::size_t limit, std::vector<Job>& out);
  Result<void> take_due(SystemTime now, std::size_t limit, std::vector<Job>& out);
  bool of_last_run(const Job& job) const;
  void note_missed(Position position, SystemTime due);
  void note_meanwhile(Position position, SystemTime due);
  void end_scan(const JobPage* page);

  // Constant after construction.
  const Store& store;
  const SystemTime started;

  // Guarded by `taking`, which is held while the store is read: one take() at a time.
  std::mutex taking;
  Position recovery_position;
  SystemTime latest = SystemTime::min();  // `now` of any take()
  std::atomic<bool> recovered{false};

  // Guarded by `mutex`, which is never held while the store is read.
  std::mutex mutex;
  Position due_position;
  std::map<Position, SystemTime> missed;  // row in the due index -> its due time
  bool scanning = false;
  std::map<Position, SystemTime> meanwhile;  // committed while scanning, behind due_position
  bool rewound = false;                      // due_position went back while scanning
};

// Ids tell the time of acceptance. Those of this run lie between `started` and now; one beyond now
// is the last run's too, whose clock was ahead of this one's.
bool Scheduler::Impl::of_last_run(const Job& job) const {
  const SystemTime accepted = job.ref.id.time();
  return accepted < started || accepted > latest + kIdsAhead;
}

Result<void> Scheduler::Impl::recover(SystemTime now, std::size_t limit, std::vector<Job>& out) {
  latest = std::max(latest, now);
  while (!recovered.load(std::memory_order_relaxed) && out.size() < limit) {
    auto page = store.jobs(recovery_position, std::min(kPage, limit - out.size()));
    if (!page) return Failure(std::move(page).error());
    for (Job& job : page->jobs) {
      if (job.state == JobState::Ready && of_last_run(job)) out.push_back(std::move(job));
    }
    recovery_position = std::move(page->next);
    if (page->end) recovered.store(true, std::memory_order_release);
  }
  return {};
}

Result<void> Scheduler::Impl::take_missed(SystemTime now, std::size_t limit,
                                          std::vector<Job>& out) {
  while (out.size() < limit) {
    Position position;
    SystemTime due;
    {
      const std::lock_guard lock(mutex);
      if (missed.empty() || missed.begin()->second > now) return {};
      position = missed.begin()->first;
      due = missed.begin()->second;
    }
    auto page = store.due(position, due, 1);
    if (!page) return Failure(std::move(page).error());
    // The row found may be another one, if the job went on already.
    if (!page->jobs.empty() && store.due_position(page->jobs.front()) == position) {
      out.push_back(std::move(page->jobs.front()));
    }
    const std::lock_guard lock(mutex);
    missed.erase(position);
  }
  return {};
}

Result<void> Scheduler::Impl::take_due(SystemTime now, std::size_t limit, std::vector<Job>& out) {
  if (out.size() >= limit) return {};
  Position from;
  {
    const std::lock_guard lock(mutex);
    from = due_position;
    scanning = true;
    rewound = false;
  }
  auto page = store.due(from, now, limit - out.size());
  end_scan(page ? &*page : nullptr);
  if (!page) return Failure(std::move(page).error());
  std::ranges::move(page->jobs, std::back_inserter(out));
  return {};
}

void Scheduler::Impl::end_scan(const JobPage* page) {
  const std::lock_guard lock(mutex);
  scanning = false;
  auto candidates = std::exchange(meanwhile, {});
  if (page == nullptr) return;  // the position stays, and what lies behind it will be found
  if (!rewound) due_position = page->next;
  for (const Job& job : page->jobs) candidates.erase(store.due_position(job));
  for (auto& [position, due] : candidates) {
    if (position < due_position) note_missed(position, due);
  }
}

// Many at once mean that the clock went back, or an operator's command on the whole queue: then the
// scan goes back instead. It will hand out again what is being worked on, whose claims are taken.
void Scheduler::Impl::note_missed(Position position, SystemTime due) {
  missed.emplace(std::move(position), due);
  if (missed.size() <= kMaxMissed) return;
  due_position = missed.begin()->first;
  missed.clear();
  rewound = true;
}

void Scheduler::Impl::note_meanwhile(Position position, SystemTime due) {
  if (rewound) return;  // the scan will come here again
  meanwhile.emplace(std::move(position), due);
  if (meanwhile.size() <= kMaxMissed) return;
  meanwhile.clear();
  rewound = true;
}

Scheduler::Scheduler(const Store& store, SystemTime started)
    : impl_(std::make_unique<Impl>(store, started)) {}

Scheduler::~Scheduler() = default;

Result<std::vector<Job>> Scheduler::take(SystemTime now, std::size_t limit) {
  const std::lock_guard lock(impl_->taking);
  std::vector<Job> out;
  auto done = impl_->recover(now, limit, out);
  if (done) done = impl_->take_missed(now, limit, out);
  if (done) done = impl_->take_due(now, limit, out);
  // What was read before an error counts as handed out, so it has to be: the error can wait, since
  // the next call will meet it again.
  if (!done && out.empty()) return Failure(std::move(done).error());
  return out;
}

Result<std::vector<Job>> Scheduler::take_strays(SystemTime horizon, std::size_t limit) const {
  Job first;
  first.due = horizon;
  auto page =
      impl_->store.due(impl_->store.due_position(first), SystemTime::max() - kIdsAhead, limit);
  if (!page) return Failure(std::move(page).error());
  return std::move(page->jobs);
}

void Scheduler::committed(const Job& job) {
  if (job.state != JobState::Deferred) return;
  Position position = impl_->store.due_position(job);
  const std::lock_guard lock(impl_->mutex);
  if (position < impl_->due_position) {
    impl_->note_missed(std::move(position), job.due);
  } else if (impl_->scanning) {
    impl_->note_meanwhile(std::move(position), job.due);
  }
}

bool Scheduler::recovered() const { return impl_->recovered.load(std::memory_order_acquire); }

}  // namespace signpost::queue
