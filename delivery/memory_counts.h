// Jobs that the store counts as waiting although they are being delivered, for the queue's gauges.
#pragma once

#include <atomic>
#include <cstdint>

namespace signpost::delivery {

// Shared by all workers; any thread.
struct MemoryCounts {
  std::atomic<std::int64_t> deferred{0};  // claimed, and stored as deferred
};

}  // namespace signpost::delivery
