// An event loop: one libuv loop and the tasks that other threads post to it.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <functional>
#include <memory>

struct uv_loop_s;

namespace signpost::net {

using Task = std::move_only_function<void()>;

// Belongs to the thread that calls run(). Other threads may call post() only.
class Loop {
 public:
  Loop();
  ~Loop();  // REQUIRES: every Timer, Poll, Stream and Listener on it is gone
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop()
  void stop();  // from a task or callback of this loop

  // Any thread: runs `task` on the loop's thread, in the order of posting. One wake-up serves all
  // tasks that are waiting by then. Tasks posted after run() has returned never run; the loop's
  // destructor destroys them.
  void post(Task task);

  // The loop's thread: runs `task` once the current callback has returned. For destroying an object
  // whose member function is on the stack.
  void defer(Task task);

  // The loop's thread: runs `work` on libuv's thread pool, then `done` on this loop. For blocking
  // reads and files.
  void run_blocking(Task work, Task done);

  SteadyTime now() const;  // when the current turn began, in milliseconds; cheap
  uv_loop_s* handle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::net
