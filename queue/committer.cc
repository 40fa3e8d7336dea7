#include "queue/committer.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics/instruments.h"
#include "metrics/registry.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
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

  Impl(Store& s, metrics::Registry& registry, CommitterOptions o)
      : store(s),
        options(o),
        seconds(registry,
                {"signpost_queue_commit_seconds",
                 "How long does one synced write of the queue take? Every accepted message waits "
                 "for one: worry above 0.1 s."},
                metrics::latency_bounds()),
        messages(registry,
                 {"signpost_queue_commit_messages",
                  "How many changes (a message accepted, delivered or deferred) shared one synced "
                  "write? Grows with the load; at 1024 the disk no longer keeps up."},
                 metrics::size_bounds()),
        thread([this] { run(); }) {}

  void run() {
    pthread_setname_np(pthread_self(), "committer");
    std::vector<Pending> group;
    while (take_group(group)) {
      write(group);
      group.clear();
    }
  }

  // Waits for work and moves the front of the line to `group`; false when all is written and the
  // committer goes.
  bool take_group(std::vector<Pending>& group) {
    std::unique_lock lock(mutex);
    if (crowded) {
      stopped.wait_until(lock, last_write + options.pause, [this] { return stopping; });
    }
    while (!must_write()) {
      if (waiting.empty()) {
        arrived.wait(lock);
      } else {
        arrived.wait_until(lock, waiting.front().since + options.soon);
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
    last_write = std::chrono::steady_clock::now();
    return !group.empty();
  }

  // With the mutex held.
  bool must_write() const {
    return stopping || awaited > 0 || waiting_changes >= options.max_group ||
           (!waiting.empty() &&
            std::chrono::steady_clock::now() >= waiting.front().since + options.soon);
  }

  void write(std::vector<Pending>& group) {
    changes.clear();
    for (const Pending& pending : group) {
      for (const auto& change : pending.batch.changes) changes.push_back(change.get());
    }

    const auto began = std::chrono::steady_clock::now();
    writing_since.store(began, std::memory_order_relaxed);
    const Result<void> result = store.apply(changes);
    writing_since.store(kNotWriting, std::memory_order_relaxed);
    seconds.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    messages.observe(static_cast<double>(changes.size()));
    note(result);

    for (Pending& pending : group) {
      // Whoever hears of the result may look at the backlog: this batch is no longer in it.
      backlog.fetch_sub(pending.size, std::memory_order_relaxed);
      pending.batch.changes.clear();  // before, so that who keeps them may be the one to free them
      pending.batch.done(result);
      pending = {};
    }
  }

  // One line when writing begins to fail, one when it works again; in between last_error() tells.
  void note(const Result<void>& result) {
    const std::string words = result ? std::string() : result.error().detail;
    const bool changed = [&] {
      const std::lock_guard lock(mutex);
      return std::exchange(error, words).empty() != words.empty();
    }();
    if (!changed) return;
    if (result) {
      log::info("queue_writable");
    } else {
      log::error("queue_write_failed", {{"error", words}});
    }
  }

  // Constant after construction.
  Store& store;
  const CommitterOptions options;

  // The committer thread's.
  metrics::Histogram seconds;
  metrics::Histogram messages;
  std::vector<const Change*> changes;
  bool crowded = false;  // many waited for the last write
  SteadyTime last_write;

  // Shared.
  std::atomic<std::size_t> backlog{0};
  std::atomic<SteadyTime> writing_since{kNotWriting};
  mutable std::mutex mutex;  // guards what follows
  std::condition_variable arrived;
  std::condition_variable stopped;
  std::deque<Pending> waiting;
  std::size_t waiting_changes = 0;
  std::size_t awaited = 0;  // those of them that somebody waits for
  std::string error;
  bool stopping = false;

  std::thread thread;  // last: it uses all of the above
};

Committer::Committer(Store& store, metrics::Registry& registry, CommitterOptions options)
    : impl_(std::make_unique<Impl>(store, registry, options)) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(impl_->mutex);
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
    batch.done(fail(Errc::Unavailable, "too much waits to be written to the queue"));
    return;
  }
  bool wake;
  {
    const std::lock_guard lock(impl.mutex);
    const bool idle = impl.waiting.empty();
    impl.waiting_changes += batch.changes.size();
    impl.awaited += batch.awaited;
    impl.waiting.push_back({std::move(batch), size, std::chrono::steady_clock::now()});
    // Asleep it is either without work or until the first of the line has waited long enough.
    wake = idle || impl.must_write();
  }
  if (wake) impl.arrived.notify_one();
}

std::size_t Committer::backlog_bytes() const {
  return impl_->backlog.load(std::memory_order_relaxed);
}

std::string Committer::last_error() const {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->error.empty()) return impl_->error;
  }
  const SteadyTime since = impl_->writing_since.load(std::memory_order_relaxed);
  if (since == kNotWriting) return "";
  const auto lasts = std::chrono::steady_clock::now() - since;
  if (lasts < impl_->options.too_long) return "";
  return "the queue cannot be written: a write has been taking " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(lasts).count()) +
         " s: the disk does not answer";
}

}  // namespace signpost::queue
