// Jobs that the store counts as waiting although they are on their way, for the queue's gauges.
#pragma once

#include <atomic>
#include <cstdint>

namespace signpost::delivery {

// Shared by all workers; any thread.
struct MemoryCounts {
  std::atomic<std::int64_t> deferred{0};        // claimed, and stored as deferred
  std::atomic<std::int64_t> in_transaction{0};  // in a mail transaction
};

}  // namespace signpost::delivery
