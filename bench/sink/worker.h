// One thread of signpost-sink: its listening sockets and sessions.
#pragma once

#include "bench/sink/busy.h"
#include "bench/sink/greylist.h"
#include "bench/sink/mail_folder.h"
#include "bench/sink/options.h"
#include "bench/sink/presence.h"
#include "bench/sink/script.h"
#include "bench/sink/session.h"
#include "bench/sink/tally.h"
#include "bench/wire/ledger.h"
#include "bench/wire/load_message.h"
#include "bench/wire/poller.h"
#include "bench/wire/tls.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::bench {

// Shared by the workers; each member is constant or safe for any thread.
struct Sink {
  const SinkOptions& options;
  ssl_ctx_st* tls = nullptr;
  MailFolder* folder = nullptr;
  Ledger& ledger;
  Ledger& arrivals;
  Busy busy{options.busy};
  Greylist greylist{};
  Presence presence{};
  Attempts attempts{};
  IdSet ids{};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> connections{0};
  std::atomic<Clock::rep> first_accepted{0};  // time since the clock's epoch
  std::atomic<Clock::rep> last_accepted{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> failed{false};  // something was not written
};

// run() on a thread of its own, tally() any thread, stop by Sink::stop and wake().
class SinkWorker final : public SinkSessionOwner {
 public:
  SinkWorker(Sink& sink, std::vector<Descriptor> listeners, std::uint64_t seed);
  ~SinkWorker();

  void run();
  void wake() const noexcept { poller_.wake(); }

  const SinkOptions& options() const override { return sink_.options; }
  ssl_ctx_st* tls() const override { return sink_.tls; }
  MailFolder* folder() const override { return sink_.folder; }
  Tally& tally() override { return tally_; }
  Script& script() override { return script_; }
  Poller& poller() override { return poller_; }

  Presence& presence() override { return sink_.presence; }
  bool is_busy() override { return sink_.busy.turns_away(sink_.accepted, Clock::now()); }
  Greylist& greylist() override { return sink_.greylist; }
  std::uint64_t accepted(const LoadVerdict& verdict, const ReceivedEnvelope& envelope) override;
  void failed(const Error& error) override;
  void needs_flush(SinkSession& session) override;
  void over(SinkSession& session) override;
  SinkSession* find(std::uint64_t id) override;

 private:
  class Listener;

  void accept_from(int listener);
  void settle();
  void sweep();

  Sink& sink_;
  Poller poller_;
  Tally tally_;
  Script script_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<std::uint64_t, std::unique_ptr<SinkSession>> sessions_;
  std::vector<SinkSession*> unflushed_;
  std::vector<std::uint64_t> dead_;
  std::string ledger_lines_;
  std::string arrival_lines_;
  Clock::time_point last_sweep_{};
};

}  // namespace signpost::bench
