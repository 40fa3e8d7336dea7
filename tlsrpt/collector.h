// Counts sessions with receivers by UTC day, domain and policy, for the reports of RFC 8460.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "base/random.h"
#include "tlsrpt/aggregate.h"
#include "tlsrpt/result.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signpost::tlsrpt {

// Any thread. Memory is bounded (tlsrpt/aggregate.h): texts from the network are made printable and
// shortened, and sessions of a domain or under a policy for which there is no room are counted and
// otherwise left out.
class Collector {
 public:
  // The first attempt to send a report is within this time of the day's end (section 4.1).
  static constexpr std::chrono::hours kSpread{4};
  static constexpr std::chrono::hours kLongest{48};  // after the day's end: then it is not sent
  static constexpr std::chrono::hours kShown{72};    // after the day's end, for operators

  // The clock must outlive it.
  explicit Collector(const Clock& clock, Random random = Random());

  // Whether sessions are counted: [tlsrpt] says who sends the reports. While they are not, record()
  // does nothing, and a caller need not make up a Session.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  void set_wanted(bool wanted) { wanted_.store(wanted, std::memory_order_relaxed); }

  // The session counts on today's date. Not for sessions that only carried such reports
  // (is_report() in tlsrpt/report_mail.h).
  void record(const Session& session);

  // For who sends the reports.
  // Some of those whose time has come, at most `most`, the oldest days first. Those that are too
  // old are returned as well, once and already as Failed.
  std::vector<Aggregate> due(std::size_t most);
  // Takes over what became of the report for the same domain and day, and forgets the details of
  // what nobody wants.
  void settle(const Aggregate& aggregate);

  // For operators. By day, then by domain. Counting goes on while they are copied.
  std::vector<Aggregate> all();
  std::optional<Aggregate> find(std::string_view domain, std::chrono::sys_days day);
  // Makes due at once what an operator wants to be sent: of this domain, also if it was sent
  // before, or ("") of all that have not been sent to those who want them; of one day, or of all
  // that are over and not too old. The number of reports.
  std::size_t send_now(std::string_view domain, std::optional<std::chrono::sys_days> day);
  // Sessions that no report has, for lack of room, by day.
  using LeftOut = std::map<std::chrono::sys_days, std::uint64_t>;
  LeftOut left_out();

  // Across restarts (tlsrpt/collector_file.h). unsaved() is false after a call of keep().
  struct Kept {
    std::vector<Aggregate> aggregates;
    LeftOut left_out;
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  Kept keep();
  bool unsaved();
  void set_unsaved();  // what keep() returned was lost
  void restore(Kept kept);

 private:
  struct Day {
    std::unordered_map<std::string, Aggregate, StringHash, std::equal_to<>> domains;
    std::uint64_t left_out = 0;
  };
  // Null: there is no room for it.
  Aggregate* domain_of(Day& day, std::chrono::sys_days date, const std::string& name)
      REQUIRES(mutex_);
  PolicyCount* policy_of(Aggregate& aggregate, const AppliedPolicy& policy) REQUIRES(mutex_);
  void count_failure(PolicyCount& policy, const Failure& failure) REQUIRES(mutex_);
  bool take_room(std::size_t octets) REQUIRES(mutex_);
  void measure() REQUIRES(mutex_);
  using Name = std::pair<std::chrono::sys_days, std::string>;  // of an aggregate
  std::vector<Name> names();
  void append(std::span<const Name> names, std::vector<Aggregate>& aggregates);
  const Aggregate* find_locked(std::string_view domain, std::chrono::sys_days day) const
      REQUIRES(mutex_);
  LeftOut all_left_out() const REQUIRES(mutex_);

  const Clock& clock_;
  std::atomic<bool> wanted_{false};
  Mutex mutex_;
  Random random_ GUARDED_BY(mutex_);
  std::map<std::chrono::sys_days, Day> days_ GUARDED_BY(mutex_);
  std::size_t octets_ GUARDED_BY(mutex_) = 0;
  bool unsaved_ GUARDED_BY(mutex_) = false;
};

}  // namespace signpost::tlsrpt
