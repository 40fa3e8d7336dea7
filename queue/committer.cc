#include "queue/committer.h"

#include "base/mutex.h"
#include "metrics/instruments.h"
#include "metrics/registry.h"
#include "queue/committer_metrics.h"
#include "queue/events.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace signpost::queue {

constexpr SteadyTime kNotWriting = SteadyTime::min();

struct Committer::Impl {
  struct Pending {
    Batch batch;
    std::size_t size;
    SteadyTime since;
  };

  Impl(Store& s, metrics::Registry& registry, CommitterOptions o, const Clock& c)
      : store(s),
        options(o),
        clock(c),
        seconds(registry, metric::kCommitSeconds, metrics::latency_bounds()),
        messages(registry, metric::kCommitMessages, metrics::size_bounds()),
        thread([this] { run(); }) {}

  void run() {
    pthread_setname_np(pthread_self(), "committer");
    std::vector<Pending> group;
    while (take_group(group)) {
      write(group);
      group.clear();
    }
  }

  // Waits for work and moves the front of the line to `group`, which stays empty when the store is
  // only tried again; false when all is written and the committer ends.
  bool take_group(std::vector<Pending>& group) EXCLUDES(mutex) {
    const MutexLock lock(mutex);
    if (crowded) {
      while (!stopping && clock.steady_now() < last_write + options.pause) {
        wait(stopped, last_write + options.pause);
      }
    }
    while (!must_write()) {
      if (!waiting.empty()) {
        wait(arrived, waiting.front().since + options.soon);
      } else if (error.empty()) {
        arrived.wait(mutex);
      } else {
        wait(arrived, last_write + options.try_again);
      }
    }
    std::size_t size = 0;
    std::size_t bytes = 0;
    std::size_t answers = 0;
    while (!waiting.empty() && size < options.max_group &&
           (group.empty() || bytes + waiting.front().size <= options.max_group_bytes)) {
      Pending& next = waiting.front();
      size += next.batch.changes.size();
      bytes += next.size;
      waiting_changes -= next.batch.changes.size();
      answers += next.batch.awaited;
      group.push_back(std::move(next));
      waiting.pop_front();
    }
    awaited -= answers;
    crowded = answers >= options.crowd;
    last_write = clock.steady_now();
    return !group.empty() || !stopping;
  }

  // May end early. The thread sleeps by the real clock.
  void wait(ConditionVariable& signal, SteadyTime until) REQUIRES(mutex) {
    signal.wait_until(mutex, real_clock().steady_now() + (until - clock.steady_now()));
  }

  bool must_write() const REQUIRES(mutex) {
    if (stopping || awaited > 0 || waiting_changes >= options.max_group) return true;
    const auto now = clock.steady_now();
    if (!waiting.empty()) return now >= waiting.front().since + options.soon;
    return !error.empty() && now >= last_write + options.try_again;
  }

  void write(std::vector<Pending>& group) {
    changes.clear();
    for (const Pending& pending : group) {
      for (const auto& change : pending.batch.changes) changes.push_back(change.get());
    }

    const auto began = clock.steady_now();
    writing_since.store(began, std::memory_order_relaxed);
    const Result<void> result = store.apply(changes);
    writing_since.store(kNotWriting, std::memory_order_relaxed);
    seconds.observe(std::chrono::duration<double>(clock.steady_now() - began).count());
    messages.observe(static_cast<double>(changes.size()));
    if (result) stored.fetch_add(changes.size(), std::memory_order_relaxed);
    note(result);

    for (Pending& pending : group) {
      // The completion may read the backlog: this batch is no longer in it.
      backlog.fetch_sub(pending.size, std::memory_order_relaxed);
      pending.batch.changes.clear();  // first, so that their other owner frees them
      pending.batch.done(result);
      pending = {};
    }
  }

  // Logs one line when writing begins to fail and one when it works again; meanwhile last_error()
  // has the reason.
  void note(const Result<void>& result) {
    const std::string words = result ? std::string() : result.error().detail;
    bool changed = false;
    {
      const MutexLock lock(mutex);
      changed = error.empty() != words.empty();
      error = words;
    }
    if (!changed) return;
    if (result) {
      log::emit(events::QueueWritable{});
    } else {
      log::emit(events::QueueWriteFailed{.detail = words});
    }
  }

  // How long the one under way has been taking, if that is too long.
  std::optional<SteadyTime::duration> hanging_for() const {
    const SteadyTime since = writing_since.load(std::memory_order_relaxed);
    if (since == kNotWriting) return {};
    const auto lasts = clock.steady_now() - since;
    return lasts < options.too_long ? std::nullopt : std::optional(lasts);
  }

  // Constant after construction.
  Store& store;
  const CommitterOptions options;
  const Clock& clock;

  // The committer thread's.
  metrics::Histogram seconds;
  metrics::Histogram messages;
  std::vector<const Change*> changes;
  bool crowded = false;  // many waited for the last write
  SteadyTime last_write;

  // Shared.
  std::atomic<std::size_t> backlog{0};
  std::atomic<std::uint64_t> stored{0};
  std::atomic<SteadyTime> writing_since{kNotWriting};
  mutable Mutex mutex;
  ConditionVariable arrived;
  ConditionVariable stopped;
  std::deque<Pending> waiting GUARDED_BY(mutex);
  std::size_t waiting_changes GUARDED_BY(mutex) = 0;
  std::size_t awaited GUARDED_BY(mutex) = 0;  // those that a client waits for
  std::string error GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;

  std::thread thread;  // last: it uses all of the above
};

Committer::Committer(Store& store, metrics::Registry& registry, CommitterOptions options,
                     const Clock& clock)
    : impl_(std::make_unique<Impl>(store, registry, options, clock)) {}

Committer::~Committer() {
  {
    const MutexLock lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->arrived.notify_one();
  impl_->stopped.notify_one();
  impl_->thread.join();
}

void Committer::commit(Change change, Done done) {
  commit({{std::make_shared<const Change>(std::move(change))}, 1, std::move(done)});
}

void Committer::commit(Batch batch) {
  Impl& impl = *impl_;
  std::size_t size = 0;
  for (const auto& change : batch.changes) size += change->size();
  // An empty line takes even a change that is larger than the bound, else it could never pass.
  const std::size_t before = impl.backlog.fetch_add(size, std::memory_order_relaxed);
  if (before != 0 && before + size > impl.options.max_backlog_bytes) {
    impl.backlog.fetch_sub(size, std::memory_order_relaxed);
    batch.done(fail(Errc::Unavailable, "too much is waiting to be written to the queue"));
    return;
  }
  bool wake;
  {
    const MutexLock lock(impl.mutex);
    const bool idle = impl.waiting.empty();
    impl.waiting_changes += batch.changes.size();
    impl.awaited += batch.awaited;
    impl.waiting.push_back({std::move(batch), size, impl.clock.steady_now()});
    // It sleeps either without work or until the first in line has waited long enough.
    wake = idle || impl.must_write();
  }
  if (wake) impl.arrived.notify_one();
}

std::size_t Committer::backlog_bytes() const {
  return impl_->backlog.load(std::memory_order_relaxed);
}

std::size_t Committer::most_backlog_bytes() const { return impl_->options.max_backlog_bytes; }

std::uint64_t Committer::stored() const { return impl_->stored.load(std::memory_order_relaxed); }

bool Committer::hangs() const { return impl_->hanging_for().has_value(); }

std::string Committer::last_error() const {
  {
    const MutexLock lock(impl_->mutex);
    if (!impl_->error.empty()) return impl_->error;
  }
  const auto lasts = impl_->hanging_for();
  if (!lasts) return "";
  return "the queue cannot be written: a write has been taking " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*lasts).count()) +
         " s: the disk does not answer";
}

}  // namespace signpost::queue
