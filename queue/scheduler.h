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

// Any thread. take() is meant for libuv's pool: it reads from the disk. Memory does not grow with
// the number of deferred jobs.
//
// Each stored version of a job is handed out once, although its row stays in the index while the
// job is worked on: the scan of the due times only moves on. Again it is handed out
//  - after committed(), when the scan had passed its place before: whoever took it then may have
//    found it still claimed and left it;
//  - when more jobs than memory should hold were committed before the scan's place (the clock went
//    back): the scan then returns to the first of them.
// So whoever takes a job claims it, leaves it when it is claimed already, and after the claim
// checks that the version is still the stored one.
class Scheduler {
 public:
  // `store` must outlive the scheduler. `started` is the time at which this run began to accept:
  // ready jobs of messages accepted before it are the last run's.
  Scheduler(const Store& store, SystemTime started);
  ~Scheduler();

  // At most `limit` jobs to work on now. Fewer than `limit`: nothing more is due at `now`, or the
  // store could not be read further, which the next call will say.
  Result<std::vector<Job>> take(SystemTime now, std::size_t limit);

  // At most `limit` deferred jobs that are due later than `horizon`, which no schedule can mean:
  // they were put off when the clock was far ahead, or in a run whose clock was. To be asked now
  // and then; hands out the same ones until they are replaced.
  Result<std::vector<Job>> take_strays(SystemTime horizon, std::size_t limit) const;

  // Every deferred job that was committed (a retry by hand may be due before what was handed out
  // already), after its claim was released; and a deferred job whose claim was given up without a
  // new version of it. Any thread, cheap.
  void committed(const Job& job);

  bool recovered() const;  // all ready jobs of the last run were handed out

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::queue
