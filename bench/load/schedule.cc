#include "bench/load/schedule.h"

#include <chrono>

namespace signpost::bench {

std::optional<Schedule::Slot> Schedule::claim() {
  if (next_.load(std::memory_order_relaxed) >= messages_) return {};
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  if (number >= messages_) return {};
  Slot slot{number, start_};
  if (open_loop()) {
    const std::chrono::duration<double> offset(static_cast<double>(number) / rate_);
    slot.due += std::chrono::duration_cast<Clock::duration>(offset);
  }
  return slot;
}

}  // namespace signpost::bench
