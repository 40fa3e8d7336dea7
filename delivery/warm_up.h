// How much mail a source may send that receivers do not know yet, and how much it has sent.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signpost::delivery {

struct WarmUp {
  std::chrono::sys_days first;  // day of its first mail, by UTC
  std::uint64_t daily = 0;  // transactions on that day to one receiver, then twice as many a day
  unsigned days = 0;        // then there is no limit
  friend bool operator==(const WarmUp&, const WarmUp&) = default;

  // Nothing: no limit any more; 0: it has not begun. Pure.
  std::optional<std::uint64_t> limit(std::chrono::sys_days today) const;
};

// What was sent on one day from sources in their warm-up, by a name for source and receiver.
// Guarded by the scheduler's mutex.
class WarmUpCounts {
 public:
  static constexpr std::size_t kMost = 50'000;  // then the longest unused is forgotten
  using Count = std::shared_ptr<std::uint64_t>;

  struct Entry {
    std::string name;
    std::uint64_t sent = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Kept {  // across a restart
    std::chrono::sys_days day;
    std::vector<Entry> entries;
    friend bool operator==(const Kept&, const Kept&) = default;
  };

  std::chrono::sys_days day() const { return day_; }
  // Another day: all counts are new ones of 0.
  void begin(std::chrono::sys_days day);
  // Shared by all who count for this name on this day.
  Count of(const std::string& name);
  void changed() { unsaved_ = true; }

  bool unsaved() const { return unsaved_; }
  Kept kept();  // what was counted; `unsaved()` is false from then on
  void set_unsaved() { unsaved_ = true; }
  void restore(const Kept& kept);  // before begin()

 private:
  std::chrono::sys_days day_{};
  std::optional<LruMap<std::string, Count, StringHash>> counts_{std::in_place, kMost};
  bool unsaved_ = false;
};

}  // namespace signpost::delivery
