// Counts waiting jobs by destination. Neither the store nor the scheduler knows that:
// the one has no providers, the other reads no job before its turn.
#pragma once

#include "base/alive.h"
#include "delivery/scheduler.h"
#include "net/timer.h"
#include "relay/context.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace signpost::delivery {

// On the thread of a single worker, until it is destroyed, which is before its loop stops. Reads
// the index of waiting jobs again and again, a page at a time, and rests for so long between two
// pages that it takes a three-hundredth of a processor, however long the queue is.
class QueueCensus {
 public:
  QueueCensus(relay::Context& context, const Scheduler& scheduler);
  QueueCensus(const QueueCensus&) = delete;
  QueueCensus& operator=(const QueueCensus&) = delete;

 private:
  using Place = std::pair<std::string, std::string>;  // provider and route
  struct Page;

  void read();
  void take_in(const Page& page);
  void publish();

  relay::Context& context_;
  const Scheduler& scheduler_;
  net::Timer timer_;
  Alive alive_;
  queue::Cursor next_;
  std::map<Place, std::uint64_t> jobs_;  // counted so far
  std::map<Place, std::uint64_t> shown_;
};

}  // namespace signpost::delivery
