// What all workers share.
#pragma once

#include "metrics/registry.h"
#include "queue/committer.h"
#include "queue/scheduler.h"
#include "queue/store.h"
#include "relay/active_jobs.h"
#include "relay/admission.h"
#include "relay/destination.h"

#include "auth/login_guard.h"
#include "auth/password_cache.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace signpost::relay {

class Worker;

// Built by serve() before the workers start and torn down after they have stopped. Each member says
// for itself which threads may use it; `workers` is constant in between.
struct Relay {
  metrics::Registry registry;
  Admission admission;
  ActiveJobs active;
  Destinations destinations;
  auth::PasswordCache passwords;
  auth::LoginGuard logins;
  std::unique_ptr<queue::Store> store;
  std::unique_ptr<queue::Committer> committer;
  std::unique_ptr<queue::Scheduler> scheduler;
  std::vector<std::unique_ptr<Worker>> workers;

  // Held while stored jobs are read and claimed, by the feeder and by an operator's command: so the
  // one never works on a version that the other has just replaced.
  std::mutex claiming;
  // Jobs in memory whose stored state is Deferred, and recipients' jobs in a mail transaction: for
  // the queue gauges.
  std::atomic<std::int64_t> deferred_in_memory{0};
  std::atomic<std::int64_t> in_transaction{0};
  std::atomic<int> password_checks{0};  // waiting or running on the thread pool
  std::atomic<bool> draining{false};
};

}  // namespace signpost::relay
