// One thread of signpost-load: its sessions and its share of the schedule.
#pragma once

#include "bench/load/options.h"
#include "bench/load/results.h"
#include "bench/load/schedule.h"
#include "bench/load/session.h"
#include "bench/wire/ledger.h"
#include "bench/wire/load_message.h"
#include "bench/wire/poller.h"
#include "bench/wire/tls.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::bench {

// Shared by the threads and constant while they run, except where its members say otherwise.
struct LoadRun {
  const LoadOptions& options;
  const LoadMessages& messages;
  ssl_ctx_st* tls = nullptr;
  Schedule& schedule;
  Ledger& ledger;
  bool with_timeline = false;
};

// run() on a thread of its own; results(): see Results.
class Generator final : public SessionOwner {
 public:
  Generator(const LoadRun& run, unsigned first_connection, unsigned connections);
  ~Generator();

  // Until every message is claimed and answered, no session can be set up, or the schedule is over
  // and what was begun is answered.
  void run();
  Results& results() override { return results_; }

  const LoadOptions& options() const override { return run_.options; }
  const LoadMessages& messages() const override { return run_.messages; }
  ssl_ctx_st& tls() const override { return *run_.tls; }
  bool open_loop() const override { return run_.schedule.open_loop(); }
  Poller& poller() override { return poller_; }
  std::string_view date() const override { return date_; }

  void ready(Session& session) override;
  void needs_flush(Session& session) override;
  void acknowledged(std::string_view id, std::string_view queue_id) override;
  void connection_over(Session& session) override;
  void setup_failed(Session& session, bool again) override;
  void bury(std::unique_ptr<Channel> channel) override { buried_.push_back(std::move(channel)); }

 private:
  bool next_slot();
  void hand_out();
  void settle();
  void sweep();

  LoadRun run_;
  Results results_;
  Poller poller_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::deque<Session*> idle_;  // ready for a message
  std::vector<Session*> unflushed_;
  std::vector<std::unique_ptr<Channel>> buried_;
  std::optional<Schedule::Slot> slot_;  // claimed, not begun
  bool exhausted_ = false;
  unsigned open_ = 0;  // sessions that are not given up
  std::string ledger_lines_;
  std::uint64_t unaccounted_ = 0;  // acknowledged in this iteration
  std::string date_;
  Clock::time_point last_sweep_{};
};

}  // namespace signpost::bench
