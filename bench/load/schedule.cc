#include "bench/load/schedule.h"

#include <algorithm>
#include <cmath>

namespace signpost::bench {

namespace {

// What is due shortly before the end of an open loop still begins when the machine is busy; what
// has to wait longer is what the server could not keep up with.
constexpr auto kGrace = std::chrono::seconds(2);

double seconds(std::chrono::nanoseconds length) {
  return std::chrono::duration<double>(length).count();
}

}  // namespace

Schedule::Schedule(const Plan& plan, Clock::time_point start)
    : start_(start), messages_(plan.messages), timed_(plan.length.count() > 0) {
  std::uint64_t first = 0;
  std::chrono::nanoseconds offset{0};
  for (const Stage& stage : plan.stages) {
    if (stage.rate > 0) stages_.push_back({first, offset, stage.rate});
    if (stage.length.count() == 0) {
      first = kNoLimit;
      break;
    }
    first += static_cast<std::uint64_t>(std::llround(stage.rate * seconds(stage.length)));
    offset += stage.length;
  }
  if (open_loop()) messages_ = std::min(messages_, first);
  end_ = start + plan.length + (open_loop() ? kGrace : std::chrono::seconds(0));
}

std::optional<Schedule::Slot> Schedule::claim() {
  if (next_.load(std::memory_order_relaxed) >= messages_) return {};
  const std::uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  if (number >= messages_) return {};
  Slot slot{number, start_};
  if (open_loop()) {
    auto stage = stages_.end() - 1;
    while (stage->first > number) --stage;
    const std::chrono::duration<double> later(static_cast<double>(number - stage->first) /
                                              stage->rate);
    slot.due += stage->offset + std::chrono::duration_cast<Clock::duration>(later);
  }
  return slot;
}

}  // namespace signpost::bench
