// Counts waiting jobs by destination. Neither the store nor the scheduler knows that:
// the one has no providers, the other reads no job before its turn.
#pragma once

#include "base/alive.h"
#include "delivery/scheduler.h"
#include "net/timer.h"
#include "relay/context.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace signpost::delivery {

// On the thread of a single worker, until it is destroyed, which is before its loop stops. Reads
// the index of waiting jobs whenever that has changed, a page at a time, and rests for so long
// between two pages that it takes a three-hundredth of a processor, however long the queue is.
class QueueCensus {
 public:
  QueueCensus(relay::Context& context, const Scheduler& scheduler);
  QueueCensus(const QueueCensus&) = delete;
  QueueCensus& operator=(const QueueCensus&) = delete;

 private:
  using Place = std::pair<std::string, std::string>;  // provider and route
  struct Page;
  // What the counts depend on.
  struct Origin {
    std::uint64_t stored;  // changes of the queue
    std::uint64_t moves;   // of lanes, from one site to another
    std::shared_ptr<const relay::Settings> settings;
    friend bool operator==(const Origin&, const Origin&) = default;
  };

  void begin();
  void read();
  void take_in(const Page& page);
  void publish();

  relay::Context& context_;
  const Scheduler& scheduler_;
  net::Timer timer_;
  Alive alive_;
  std::optional<Origin> counted_;  // as it was when the present count began, or the last one
  queue::Cursor next_;
  std::map<Place, std::uint64_t> jobs_;  // counted so far
  std::map<Place, std::uint64_t> shown_;
};

}  // namespace signpost::delivery
