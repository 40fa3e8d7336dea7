// A queue store in memory that fails when it is told to, and loses in a crash what was not synced.
#pragma once

#include "queue/store.h"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signpost::test {

// Any thread.
class FaultStore final : public queue::Store {
 public:
  // Faults.
  void fail_writes(const std::string& words);  // apply() answers Io until heal()
  void fail_reads(const std::string& words);
  void lose_syncs();  // from now on a write is visible, but gone after crash()
  void heal();
  void crash();  // back to what the last sync left

  // The next apply() stops at its start until release().
  void hold();
  void await_held();  // until some apply() has stopped
  void release();

  // Runs in each due() after the rows were read and before they are returned.
  void on_due_read(std::function<void()> hook);

  std::vector<std::size_t> groups() const;  // changes in each apply() that succeeded
  std::size_t rows() const;                 // in all indexes
  std::size_t largest_page() const;         // jobs in the largest answer so far

  Result<void> apply(std::span<const queue::Change* const> changes) override;
  Result<queue::Envelope> envelope(const queue::MessageId& id) const override;
  Result<std::string> content(const queue::MessageId& id) const override;
  Result<std::vector<queue::Job>> jobs_of(const queue::MessageId& id) const override;
  Result<queue::JobPage> due(const queue::Position& from, SystemTime until,
                             std::size_t limit) const override;
  using queue::Store::jobs;
  Result<queue::JobPage> jobs(const queue::Position& from, std::size_t limit,
                              std::string_view containing) const override;
  queue::Position due_position(const queue::Job& job) const override;
  queue::Totals totals() const override;
  std::optional<SystemTime> oldest(queue::JobState state) const override;
  bool needs_restart() const override { return false; }
  std::uint64_t pending_bytes() const override { return 0; }
  Result<void> reclaim_space(std::atomic<bool>&) override { return {}; }
  std::string engine_text() const override;

 private:
  struct State {
    std::map<queue::MessageId, queue::Message> messages;
    std::map<std::string, queue::Job> jobs;    // by job_key()
    std::map<std::string, queue::JobRef> due;  // by due_key()
  };

  static void apply_to(State& state, const queue::Change& change);
  static void put(State& state, const queue::Job& job);
  static void drop(State& state, const queue::Job& job);

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  State state_;
  State synced_;
  std::optional<Error> write_error_;
  std::optional<Error> read_error_;
  bool losing_ = false;
  bool hold_ = false;
  bool held_ = false;
  std::function<void()> due_read_;
  std::vector<std::size_t> groups_;
  mutable std::size_t largest_page_ = 0;
};

}  // namespace signpost::test
