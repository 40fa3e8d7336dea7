// A few threads for blocking tasks, with a bounded queue before them.
#pragma once

#include "base/mutex.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

namespace signpost::admin {

// Any thread. Tasks must not throw.
class TaskPool {
 public:
  TaskPool(std::size_t threads, std::size_t most_waiting);
  ~TaskPool();  // runs what was posted, then joins
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False, and nothing happens, when too many are waiting already.
  bool post(std::function<void()> task);

 private:
  void run();

  const std::size_t most_waiting_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::function<void()>> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace signpost::admin
