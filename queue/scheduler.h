// Brings stored jobs back to memory when their time has come: those that were ready when the last
// run ended, then the deferred ones in the order of their due times, a window at a time.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "queue/store.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace signpost::queue {

// Any thread. take() is meant for libuv's pool: it reads from the disk. Hands out each stored
// version of a job at most once; memory does not grow with the number of deferred jobs.
class Scheduler {
 public:
  // `store` must outlive the scheduler. `started` is the time at which this run began to accept:
  // ready jobs of messages accepted before it are the last run's.
  Scheduler(const Store& store, SystemTime started);
  ~Scheduler();

  // At most `limit` jobs to work on now. Fewer than `limit`: nothing more is due at `now`.
  Result<std::vector<Job>> take(SystemTime now, std::size_t limit);

  // Every deferred job that was committed (a retry by hand may be due before what was handed out
  // already). Any thread, cheap.
  void committed(const Job& job);

  bool recovered() const;  // all ready jobs of the last run were handed out

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::queue
