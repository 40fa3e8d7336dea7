// One thread's epoll loop with timers. Written for the load tools alone, so that they judge the
// relay without any code of its network side.
#pragma once

#include "base/descriptor.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

namespace signpost::bench {

using Clock = std::chrono::steady_clock;

// What epoll calls back. It may destroy itself and others only after dispatch() has returned:
// owners keep the dead until then.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void on_ready(std::uint32_t events) = 0;
};

// The owning thread only, except wake().
class Poller {
 public:
  Poller();

  void add(int fd, std::uint32_t events, Handler& handler);
  void modify(int fd, std::uint32_t events, Handler& handler);
  void remove(int fd);

  // Runs `task` once, `delay` from now. Tasks cannot be cancelled: they must look up their target.
  void after(Clock::duration delay, std::function<void()> task);

  // Waits for events, the next timer or `limit`, whichever is first, and calls back.
  void dispatch(Clock::duration limit);

  // Any thread, and signal handlers: dispatch() returns soon.
  void wake() const noexcept;

 private:
  void run_due_tasks();
  int timeout(Clock::duration limit) const;

  Descriptor epoll_;
  Descriptor wake_;
  std::multimap<Clock::time_point, std::function<void()>> tasks_;
};

}  // namespace signpost::bench
