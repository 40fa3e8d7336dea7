// Whether the name service as a whole answers, for all workers together: one domain that cannot be
// looked up is that domain's trouble, several in a row without an answer in between are ours. Takes
// any failure that is not for good, since a resolver that has lost its own servers says SERVFAIL.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::dns {

// Any thread.
class ServiceWatch {
 public:
  // Different names without an answer in a row that make an outage.
  static constexpr std::size_t kNames = 3;

  void answered() EXCLUDES(mutex_);
  void failed(std::string_view name, std::string_view why, SteadyTime now) EXCLUDES(mutex_);

  bool is_down() const { return down_.load(std::memory_order_relaxed); }

  // An outage that began or ended.
  struct Change {
    bool down = false;
    std::string why;                 // it began: the failure that showed it
    std::chrono::seconds lasted{0};  // it ended: since the first failure
    std::uint64_t questions = 0;     // unanswered, until now
  };
  // What changed since the last call. Outages that ended between two calls are not
  // reported.
  std::optional<Change> take_change(SteadyTime now) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<std::string> names_ GUARDED_BY(mutex_);  // in a row, at most kNames
  std::string why_ GUARDED_BY(mutex_);
  SteadyTime since_ GUARDED_BY(mutex_){};
  std::uint64_t questions_ GUARDED_BY(mutex_) = 0;
  bool told_ GUARDED_BY(mutex_) = false;  // that it is down
  SteadyTime told_since_ GUARDED_BY(mutex_){};
  std::uint64_t told_questions_ GUARDED_BY(mutex_) = 0;
  std::atomic<bool> down_{false};
};

}  // namespace signpost::dns
