// Simulates the surroundings of a Scheduler: a store in memory, receivers driven by a table, and
// time that passes when a test says so.
#pragma once

#include "delivery/scheduler.h"
#include "queue/memory_store.h"
#include "queue/message_id.h"
#include "tests/support/manual_clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace signpost::test {

// A store that counts what is asked of it.
class CountingStore final : public queue::MemoryStore {
 public:
  Result<void> apply(std::span<const queue::Change* const> changes) override;
  Result<queue::ClaimedJobs> claim_due(const queue::Lane& lane, const queue::LanePosition& from,
                                       SystemTime until, std::size_t limit) override;

  std::size_t changes = 0;    // of jobs that were tried or put off
  std::size_t reads = 0;      // claim_due()
  std::size_t jobs_read = 0;  // by those
  bool unreadable = false;
};

// One thread. The scheduler's orders become actions, which run() carries out until none is
// left: by turns, or in an order that `choose` gives.
class DeliveryWorld {
 public:
  struct Receiver {
    std::size_t connections = 10;
    std::optional<relay::Rate> rate{};
    bool refuses = false;     // each connection
    bool turns_away = false;  // each job, with its connection
    bool hangs = false;       // connections neither succeed nor fail until connect_all()
    std::string group{};      // whose limits these are
    std::string address{};    // of the host; shared with others that have the same
    bool slow = false;        // a message stays under way until answer()
    std::vector<delivery::Source> sources = std::vector<delivery::Source>(1);
    std::set<std::string> refuses_from{};  // connections of these sources
    std::set<std::string> bars{};          // the same, for good
  };
  struct Delivered {
    queue::JobRef ref;
    queue::Lane lane;
    SystemTime due;
    SteadyTime at;
    std::string site;
    std::string source;
  };

  explicit DeliveryWorld(delivery::Scheduler::Limits limits = {}, std::size_t workers = 2);

  // --- what happens ---
  // A message is accepted and stored; `in_memory`: there is memory for its content.
  // `urgency`: by how much it is due as if it had waited.
  queue::Job submit(const queue::Lane& lane, std::size_t recipients = 1, bool in_memory = true,
                    std::chrono::seconds urgency = std::chrono::seconds(0));
  void submit_many(const queue::Lane& lane, std::size_t count, bool in_memory = true);
  // Stored, and no scheduler knows of it: left by an earlier run.
  queue::Job leave(const queue::Lane& lane, SystemTime due);
  void restart();  // finds the lanes that the store has
  void run();
  void pass(std::chrono::microseconds time, std::chrono::microseconds step = kStep);
  void connect_all();  // of receivers that hang
  // One connection that hangs fails like that.
  void fail_one(const std::string& site, const delivery::Disposition& why);
  std::size_t answer(const std::string& site);  // those under way; how many
  void end_connections();                       // the ready ones
  // A reply to what has just begun there, by a session from that source if one is named.
  bool ask_for_less(const std::string& site, const std::string& source = "");
  void order(const std::function<void(const delivery::Scheduler::Now&, delivery::Orders&)>& ask);

  // --- the table ---
  Receiver& receiver(const std::string& site) { return receivers_[site]; }
  std::map<std::string, std::string> sites;                   // of domains; else "mx:" + domain
  std::map<std::string, delivery::Disposition> unroutable;    // domains
  std::function<delivery::Outcome(const queue::Job&)> reply;  // else all is delivered
  std::function<std::chrono::seconds(const queue::Job&)> delay;
  std::function<bool(const queue::Job&)> no_memory;  // for its content: it is put off
  std::function<std::size_t(std::size_t)> choose;    // one of so many actions
  double dice = 0;

  // --- what is seen ---
  delivery::Scheduler::Now now() const { return {clock.steady_now(), clock.schedule_now(), dice}; }
  std::size_t held() const;  // jobs with sessions and in actions
  std::size_t open(const std::string& site) const;
  std::size_t open_to(const std::string& address) const;
  std::size_t open_from(const std::string& source) const;
  std::size_t sent_from(const std::string& source) const;  // messages
  std::size_t attempts(const queue::Job& job) const;       // as stored
  // No claim is leaked or missing.
  bool claims_fit() const {
    return store.claims().size() == scheduler.figures().in_memory + held();
  }
  std::size_t count(const std::string& account) const;  // delivered

  ManualClock clock;
  CountingStore store;
  delivery::Scheduler scheduler;
  std::vector<Delivered> delivered;
  std::vector<queue::JobRef> failed;
  std::vector<delivery::Orders::Overdue> overdue;
  std::map<std::string, std::size_t> opened;        // connections, ever
  std::map<std::string, std::size_t> most_open;     // at once
  std::map<std::string, std::size_t> most_open_to;  // by address
  std::size_t looked_up = 0;
  std::size_t charged = 0;  // jobs that were tried without a session
  std::size_t no_news = 0;  // of them, those whose trouble had been told
  std::vector<delivery::Orders::Away> away;
  std::vector<delivery::Orders::Back> back;
  std::vector<std::string> resumed;  // sites and groups whose pause was over
  std::size_t twice = 0;             // deliveries of what was delivered, or was not claimed

  static constexpr std::chrono::milliseconds kStep{100};

 private:
  struct Session {
    delivery::SitePtr site;
    std::string key;
    delivery::SessionRef ref;
    std::string source;
    SteadyTime began;
    bool ready = false;
    std::optional<net::IpAddress> place;
    std::optional<delivery::PendingJob> job;
    std::size_t messages = 0;  // jobs that it has had
    std::optional<SteadyTime> idle_since;
  };

  void carry_out(delivery::Orders orders);
  void act(std::function<void()> action) { actions_.push_back(std::move(action)); }
  void look_up(const queue::Lane& lane);
  void open(const delivery::Orders::Open& order);
  void connected(std::uint64_t id);
  void take(Session& session);
  void finish(std::uint64_t id);
  void end(std::uint64_t id, const std::optional<delivery::Disposition>& failure,
           bool paid = false);
  void settle(const delivery::PendingJob& pending, delivery::Outcome outcome,
              const std::string& site, const smtp::Reply& said = {});
  void end_idle();

  std::map<std::string, Receiver> receivers_;
  std::map<std::uint64_t, Session> sessions_;
  std::deque<std::function<void()>> actions_;
  std::size_t in_actions_ = 0;  // jobs
  std::uint64_t next_session_ = 1;
  queue::MessageIdGenerator ids_;
  std::set<queue::MessageId> gone_;
};

inline delivery::Disposition later(std::string text = "refused") {
  return delivery::local(delivery::Outcome::Delayed, {4, 4, 1}, std::move(text));
}
inline delivery::Disposition never(std::string text = "no such domain") {
  return delivery::local(delivery::Outcome::Failed, {5, 1, 2}, std::move(text));
}

}  // namespace signpost::test
