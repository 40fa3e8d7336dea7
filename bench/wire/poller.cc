#include "bench/wire/poller.h"

#include "base/check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace signpost::bench {

Poller::Poller()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(epoll_ && wake_);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

void Poller::add(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::modify(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void Poller::remove(int fd) { (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Poller::after(Clock::duration delay, std::function<void()> task) {
  tasks_.emplace(Clock::now() + delay, std::move(task));
}

int Poller::timeout(Clock::duration limit) const {
  auto wait = limit;
  if (!tasks_.empty()) wait = std::min(wait, tasks_.begin()->first - Clock::now());
  if (wait <= Clock::duration::zero()) return 0;
  // Rounded up: to wake before the task is due would only mean another round.
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

void Poller::run_due_tasks() {
  const auto now = Clock::now();
  while (!tasks_.empty() && tasks_.begin()->first <= now) {
    auto node = tasks_.extract(tasks_.begin());
    node.mapped()();
  }
}

void Poller::dispatch(Clock::duration limit) {
  std::array<epoll_event, 256> events;
  const int count =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout(limit));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) {
      static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
      continue;
    }
    std::uint64_t wakes;
    (void)!read(wake_.get(), &wakes, sizeof wakes);
  }
  run_due_tasks();
}

void Poller::wake() const noexcept {
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

}  // namespace signpost::bench
