// A queue store in memory that fails on demand, and loses in a crash what was not synced.
#pragma once

#include "queue/memory_store.h"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signpost::test {

// Any thread; apply() one at a time, as for each store.
class FaultStore final : public queue::MemoryStore {
 public:
  // Faults.
  void fail_writes(const std::string& words);  // apply() answers Io until heal()
  void fail_reads(const std::string& words);   // so does all that reads
  void lose_syncs();  // from now on a write is visible, but gone after crash()
  void heal();        // the next write is synced, and all before it
  void crash();       // back to what the last sync left; claims are forgotten by their holders

  // The next apply() stops at its start until release().
  void hold();
  void await_held();  // until some apply() has stopped
  void release();

  std::vector<std::size_t> groups() const;  // changes in each apply() that succeeded

  Result<void> apply(std::span<const queue::Change* const> changes) override;
  Result<queue::Envelope> envelope(const queue::MessageId& id) const override;
  Result<std::string> content(const queue::MessageId& id) const override;
  Result<std::vector<queue::Job>> jobs_of(const queue::MessageId& id) const override;
  Result<std::optional<queue::Job>> job(const queue::JobRef& ref) const override;
  Result<queue::JobPage> jobs(const queue::JobFilter& filter, const queue::Cursor& from,
                              std::size_t limit) const override;
  Result<queue::LanePage> lanes(const queue::Cursor& from, std::size_t limit) const override;
  Result<queue::ClaimedJobs> claim_due(const queue::Lane& lane, const queue::LanePosition& from,
                                       SystemTime until, std::size_t limit) override;
  Result<queue::OverdueJobs> overdue(const queue::Lane& lane, const queue::LanePosition& from,
                                     SystemTime until, SystemTime accepted_until, bool notified,
                                     std::size_t limit) const override;
  std::string engine_text() const override { return "memory that may fail"; }

 private:
  std::optional<Error> read_error() const;

  mutable std::mutex faults_mutex_;
  std::condition_variable moved_;
  std::optional<State> synced_;  // while something is not synced: what is
  std::optional<Error> write_error_;
  std::optional<Error> read_error_;
  bool losing_ = false;
  bool hold_ = false;
  bool held_ = false;
  std::vector<std::size_t> groups_;
};

}  // namespace signpost::test
