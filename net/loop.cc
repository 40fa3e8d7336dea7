#include "net/loop.h"

#include "base/check.h"
#include "base/mutex.h"
#include "net/uv_handle.h"

#include <utility>
#include <vector>

namespace signpost::net {

namespace {

struct BlockingWork {
  uv_work_t request{};
  Task work;
  Task done;
  const bool* destroying;
};

void run_all(std::vector<Task>& tasks) {
  for (Task& task : tasks) {
    task();
    task = nullptr;  // releases what it holds before the next one runs
  }
  tasks.clear();
}

}  // namespace

// A deferred task runs before the loop waits again: `prepare` runs those that timers and closing
// handles deferred, `check` those of I/O callbacks. When a deferred task defers another one, `idle`
// keeps the loop from waiting.
struct Loop::Impl {
  uv_loop_t loop{};
  uv_async_t wake{};
  uv_prepare_t before_waiting{};
  uv_check_t after_waiting{};
  uv_idle_t do_not_wait{};
  bool destroying = false;

  std::vector<Task> deferred;
  std::vector<Task> running;

  Mutex mutex;
  std::vector<Task> posted GUARDED_BY(mutex);
  std::vector<Task> taken;

  Impl();
  ~Impl();
  void run_posted();
  void run_deferred();
  void destroy_tasks();
};

Loop::Impl::Impl() {
  check_uv(uv_loop_init(&loop));
  loop.data = this;
  check_uv(uv_async_init(&loop, &wake, [](uv_async_t* h) noexcept {
    static_cast<Impl*>(h->loop->data)->run_posted();
  }));
  check_uv(uv_prepare_init(&loop, &before_waiting));
  check_uv(uv_check_init(&loop, &after_waiting));
  check_uv(uv_idle_init(&loop, &do_not_wait));
  check_uv(uv_prepare_start(&before_waiting, [](uv_prepare_t* h) noexcept {
    auto* impl = static_cast<Impl*>(h->loop->data);
    impl->run_deferred();
    if (impl->deferred.empty()) {
      uv_idle_stop(&impl->do_not_wait);
    } else {
      uv_idle_start(&impl->do_not_wait, [](uv_idle_t*) noexcept {});
    }
  }));
  check_uv(uv_check_start(&after_waiting, [](uv_check_t* h) noexcept {
    static_cast<Impl*>(h->loop->data)->run_deferred();
  }));
}

Loop::Impl::~Impl() {
  destroying = true;
  destroy_tasks();
  uv_close(as_handle(&wake), nullptr);
  uv_close(as_handle(&before_waiting), nullptr);
  uv_close(as_handle(&after_waiting), nullptr);
  uv_close(as_handle(&do_not_wait), nullptr);
  // Runs the close callbacks and waits for blocking work under way.
  uv_run(&loop, UV_RUN_DEFAULT);
  destroy_tasks();
  check_uv(uv_loop_close(&loop));
}

void Loop::Impl::run_posted() {
  {
    const MutexLock lock(mutex);
    taken.swap(posted);
  }
  run_all(taken);
}

void Loop::Impl::run_deferred() {
  if (deferred.empty()) return;
  running.swap(deferred);
  run_all(running);
}

// Destroying a task may post or defer another one.
void Loop::Impl::destroy_tasks() {
  for (;;) {
    std::vector<Task> doomed = std::exchange(deferred, {});
    {
      const MutexLock lock(mutex);
      for (Task& task : posted) doomed.push_back(std::move(task));
      posted.clear();
    }
    if (doomed.empty()) return;
  }
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() { uv_run(&impl_->loop, UV_RUN_DEFAULT); }
void Loop::stop() { uv_stop(&impl_->loop); }

void Loop::post(Task task) {
  bool first;
  {
    const MutexLock lock(impl_->mutex);
    first = impl_->posted.empty();
    impl_->posted.push_back(std::move(task));
  }
  // The task that finds the list empty wakes the loop, for later ones too until the list is taken.
  if (first) check_uv(uv_async_send(&impl_->wake));
}

void Loop::defer(Task task) { impl_->deferred.push_back(std::move(task)); }

void Loop::run_blocking(Task work, Task done) {
  auto owned = std::make_unique<BlockingWork>();
  owned->request.data = owned.get();
  owned->work = std::move(work);
  owned->done = std::move(done);
  owned->destroying = &impl_->destroying;
  check_uv(uv_queue_work(
      &impl_->loop, &owned->request,
      [](uv_work_t* request) noexcept { static_cast<BlockingWork*>(request->data)->work(); },
      [](uv_work_t* request, int) noexcept {
        const std::unique_ptr<BlockingWork> finished(static_cast<BlockingWork*>(request->data));
        // The objects that wait for the result are destroyed with the loop.
        if (!*finished->destroying) finished->done();
      }));
  static_cast<void>(owned.release());  // the callback above owns it now
}

SteadyTime Loop::now() const {
  // libuv's clock is CLOCK_MONOTONIC in milliseconds, as is the steady clock of libstdc++.
  return SteadyTime(std::chrono::milliseconds(uv_now(&impl_->loop)));
}

uv_loop_s* Loop::handle() { return &impl_->loop; }

}  // namespace signpost::net
