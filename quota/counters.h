// Counts the recipients of everybody who has limits.
//
// A rate is a bucket: all of it may be used at once, and what was used comes back evenly over its
// period. A day is a count that begins again at 00:00 UTC. Decision 20 has the reasons.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "quota/limits.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::quota {

// No room for as many recipients.
struct Shortage {
  Mark limit;
  SystemTime again;   // when there is room for one more
  bool news = false;  // the first of its period
};

// Any thread. Memory is bounded: of each scope the most recently used are kept, and who is
// forgotten begins anew. Nobody is counted who has no limit. Time is the calendar's, since counts
// outlive the process: a clock that jumps ahead empties the buckets, one that is set back keeps
// them as they are, and another date is another day.
class Counters {
 public:
  static constexpr std::size_t kEntries = 20'000;  // of each scope

  explicit Counters(std::size_t entries = kEntries);

  // Which of the holders, the first one first, has no room for `recipients` more; nothing if there
  // is room. Counts none of them.
  std::optional<Shortage> shortage(std::span<const Holder> holders, std::uint64_t recipients,
                                   SystemTime now);
  // Counts them for every holder, or for none. The marks are the limits of which four fifths
  // are used by now and were not before, each once in its period.
  std::expected<std::vector<Mark>, Shortage> take(std::span<const Holder> holders,
                                                  std::uint64_t recipients, SystemTime now);
  // What was taken was not sent.
  void give_back(std::span<const Holder> holders, std::uint64_t recipients, SystemTime now);

  // What the holder has used of each of its limits.
  std::vector<Mark> used(const Holder& holder, SystemTime now);

  // A count as it is kept across a restart.
  struct Entry {
    Scope scope = Scope::Login;
    std::string name;
    double level = 0;  // of the bucket, at `at`
    SystemTime at{};
    std::int64_t day = 0;  // since 1970
    std::uint64_t today = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // All that still matter, the least recently used first. `unsaved()` is false from then on.
  std::vector<Entry> entries(SystemTime now);
  bool unsaved();      // something was counted since
  void set_unsaved();  // what entries() returned was lost
  void restore(const std::vector<Entry>& entries);

 private:
  struct Counter {
    double level = 0;
    SystemTime at{};
    std::int64_t day = 0;
    std::uint64_t today = 0;
    // When it was last told, by kind.
    std::array<SystemTime, 2> warned{};
    std::array<SystemTime, 2> refused{};
  };
  using Table = LruMap<std::string, Counter, StringHash>;

  static void refresh(Counter& counter, const Limits& limits, SystemTime now);
  static Mark mark(const Holder& holder, const Counter& counter, Kind kind);
  static std::optional<Shortage> shortage(const Holder& holder, const Counter& counter,
                                          std::uint64_t recipients, SystemTime now);

  Table& table(Scope scope) REQUIRES(mutex_) { return tables_[static_cast<std::size_t>(scope)]; }
  std::optional<Shortage> find_shortage(std::span<const Holder> holders, std::uint64_t recipients,
                                        SystemTime now) REQUIRES(mutex_);

  Mutex mutex_;
  std::array<Table, 4> tables_ GUARDED_BY(mutex_);
  bool unsaved_ GUARDED_BY(mutex_) = false;
};

}  // namespace signpost::quota
