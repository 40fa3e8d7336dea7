// Opening a queue: whether it is free, of a known format, and whole; and what is done when
// it is not whole.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "queue/store.h"
#include "rocks/options.h"
#include "rocks/rocks_database.h"

#include <memory>
#include <string>

namespace signpost::rocks {

struct Opened {
  std::unique_ptr<Database> database;
  queue::Totals totals;
  SystemTime first = SystemTime::max();  // acceptance of the oldest message with a job
};

// Opens or creates the queue in `directory` and reads its jobs once. What is damaged is salvaged
// first (rocks_salvage.h), with the event `queue_damaged`. Errors: docs/queue-format.md.
Result<Opened> open_queue(const std::string& directory, const Options& options);

}  // namespace signpost::rocks
