// Shows how many receivers are sent less than usual, since they have asked for less.
#pragma once

#include "delivery/scheduler.h"
#include "net/timer.h"
#include "relay/context.h"

#include <cstdint>
#include <map>
#include <string>

namespace signpost::delivery {

// On the thread of a single worker, until it is destroyed, which is before its loop stops.
class SlowedSites {
 public:
  SlowedSites(relay::Context& context, const Scheduler& scheduler);
  SlowedSites(const SlowedSites&) = delete;
  SlowedSites& operator=(const SlowedSites&) = delete;

 private:
  void publish();

  relay::Context& context_;
  const Scheduler& scheduler_;
  net::Timer timer_;
  std::map<std::string, std::int64_t> shown_;  // by the provider's label
};

}  // namespace signpost::delivery
