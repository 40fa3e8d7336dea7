// A Store in memory: all that Store promises except that nothing survives the process. For tests
// and benchmarks of what is built on the queue.
#pragma once

#include "base/mutex.h"
#include "queue/store.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signpost::queue {

// Any thread: one mutex around everything.
class MemoryStore : public Store {
 public:
  Result<void> apply(std::span<const Change* const> changes) override;
  Result<Envelope> envelope(const MessageId& id) const override;
  Result<std::string> content(const MessageId& id) const override;
  Result<std::vector<Job>> jobs_of(const MessageId& id) const override;
  Result<std::optional<Job>> job(const JobRef& ref) const override;
  Result<JobPage> jobs(const JobFilter& filter, const Cursor& from,
                       std::size_t limit) const override;
  Result<LanePage> lanes(const Cursor& from, std::size_t limit) const override;
  Result<LaneCounts> count_waiting(const Cursor& from, std::size_t limit) const override;
  Result<ClaimedJobs> claim_due(const Lane& lane, const LanePosition& from, SystemTime until,
                                std::size_t limit) override;
  Result<OverdueJobs> overdue(const Lane& lane, const LanePosition& from, SystemTime until,
                              SystemTime accepted_until, bool notified,
                              std::size_t limit) const override;
  Totals totals() const override;
  std::optional<SystemTime> oldest(JobState state) const override;
  Health health() const override { return {}; }
  std::string engine_text() const override { return "memory"; }
  Result<void> reclaim_space(std::atomic<bool>& /*cancelled*/) override { return {}; }

  std::size_t rows() const;  // messages, jobs and waiting jobs

 protected:
  struct Waiting {
    bool delay_notified = false;
    bool deadline = false;
  };
  struct State {
    std::map<MessageId, std::shared_ptr<const Message>> messages;
    std::map<JobRef, Job> jobs;
    std::map<Lane, std::map<LanePosition, Waiting>> lanes;
  };

  State state() const;
  void restore(State state);

 private:
  void apply_one(const Change& change) REQUIRES(mutex_);
  void put(const Job& job) REQUIRES(mutex_);
  bool drop(const Job& job) REQUIRES(mutex_);  // false: the stored one differs
  std::optional<Job> stored(const JobRef& ref) const REQUIRES(mutex_);
  const std::map<LanePosition, Waiting>* rows_of(const Lane& lane) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  State state_ GUARDED_BY(mutex_);
};

}  // namespace signpost::queue
