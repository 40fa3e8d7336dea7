// Brings due jobs from the store to the workers.
#pragma once

#include "base/clock.h"
#include "net/timer.h"
#include "queue/envelope.h"
#include "relay/worker.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace signpost::relay {

// Lives on one worker, on its thread. Takes no more than memory has room for.
class Feeder {
 public:
  explicit Feeder(Worker& worker);
  void start();
  void stop();  // before the worker stops

 private:
  void feed();
  void spread(std::vector<queue::Job> jobs, bool more);

  Worker& worker_;
  net::Timer timer_;
  bool stopped_ = false;
  SteadyTime next_strays_{};
  SystemTime last_time_ = SystemTime::min();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what the pool is at
  std::size_t next_worker_ = 0;
};

}  // namespace signpost::relay
