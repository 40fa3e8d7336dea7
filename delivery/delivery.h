// Delivery on one worker: takes in stored mail, carries out the scheduler's orders, and
// holds the sessions.
#pragma once

#include "base/alive.h"
#include "delivery/connection_shares.h"
#include "delivery/dead_addresses.h"
#include "delivery/delivery_session.h"
#include "delivery/intake.h"
#include "delivery/local_addresses.h"
#include "delivery/memory_counts.h"
#include "delivery/queue_census.h"
#include "delivery/router.h"
#include "delivery/scheduler.h"
#include "delivery/session_host.h"
#include "delivery/settler.h"
#include "delivery/slowed_sites.h"
#include "dns/service_watch.h"
#include "net/timer.h"
#include "relay/context.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace signpost::delivery {

class Delivery;

// Shared by the deliveries of all workers. Made before them, destroyed after them; `workers` is
// filled before the first one runs.
struct SharedDelivery {
  explicit SharedDelivery(std::size_t worker_count) : scheduler(worker_count) {}

  // For operators' commands, from any thread while the workers run.
  // `jobs`, as stored, are no longer claimed and wait again.
  void returned(std::vector<queue::Job> jobs);
  // Takes those of `jobs` that wait in a line out of it: they are claimed for the caller.
  std::vector<queue::Job> withdraw(const std::vector<queue::Job>& jobs);
  // The receivers of these lanes' mail are tried at once, whatever their back-off.
  void forgive(std::vector<queue::Lane> lanes);
  // The caller's claimed jobs end without an attempt, with `dispositions[i]` for the i-th
  // recipient; what is delayed stays. Returns when that is stored or waits to be reported together
  // with the message's other jobs, whose claims end later. False: it takes longer, and goes on.
  struct Ended {
    queue::Job job;
    std::vector<Disposition> dispositions;
  };
  bool end(std::vector<Ended> jobs);
  // See Scheduler::pause() and resume(); the log is up to the caller.
  bool pause(SitePause pause, const Scheduler::Now& now);
  bool resume(std::string_view site, const Scheduler::Now& now);

  Scheduler scheduler;
  MemoryCounts counts;
  dns::ServiceWatch name_service;  // the resolvers of all workers tell it
  ReportLimits report_limits;
  std::vector<Delivery*> workers;

 private:
  void carry_out(std::shared_ptr<Orders> orders);
};

// The worker's thread only.
class Delivery final : public Intake, private SessionHost {
 public:
  // `connections`: the most sessions at once. Each needs a descriptor, and the store and the
  // clients need some too. Both references must outlive it.
  Delivery(relay::Context& context, SharedDelivery& shared, std::size_t connections);
  ~Delivery() override;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void stored(std::shared_ptr<const queue::Message> message, std::vector<queue::Job> jobs) override;

  // Called on one worker only: finds the lanes of earlier runs in the store, then wakes lanes as
  // they become due, until the loop stops.
  void start_feeding();
  // The context has new settings. Called on one worker only.
  void settings_changed();

  // Any thread: runs `ask` on the worker with the scheduler, and carries out the orders.
  void post(std::function<void(Scheduler&, const Scheduler::Now&, Orders&)> ask);

  // Any thread: where mail of this lane goes. `done` is called once, on the worker's thread, or not
  // at all when the worker ends before.
  void find_hop(queue::Lane lane, Router::Done done);

  // Any thread: see SharedDelivery::end(). `under_way` is given up when all of it is done.
  void end(std::vector<SharedDelivery::Ended> jobs, std::shared_ptr<void> under_way);

  // Ends idle sessions; transactions under way may finish.
  void drain();
  bool drained() const { return sessions_.empty() && settler_.drained(); }
  // From outside of any session's function: ends all sessions and timers. A message whose final
  // dot was not answered is settled, which takes some more turns; see drained().
  void cut();

 private:
  // SessionHost
  relay::Context& context() override { return context_; }
  NextHop hop(const Site& site) const override { return shared_.scheduler.hop(site); }
  const std::vector<net::IpAddress>& local_addresses() override {
    return local_addresses_.at(context_.clock.steady_now());
  }
  DeadAddresses& dead_addresses() override { return dead_addresses_; }
  TlsSessions& tls_sessions() override { return tls_sessions_; }
  bool take_place(const SitePtr& site, const net::IpAddress& address) override;
  void give_back_place(const net::IpAddress& address) override;
  bool take_beside(const SitePtr& site, const SessionRef& session) override;
  void give_back_beside(const SitePtr& site, const SessionRef& session) override;
  bool must_make_room(const Site& site, const SessionRef& session,
                      const std::optional<net::IpAddress>& address) const override {
    return shared_.scheduler.must_make_room(site, session, address);
  }
  bool is_away(const Site& site) const override { return shared_.scheduler.is_away(site); }
  void connection_ready(Site& site, const SessionRef& session) override;
  std::optional<PendingJob> take(const SitePtr& site, const SessionRef& session,
                                 const ConnectionUse& use) override;
  std::optional<PendingJob> take_early(const SitePtr& site, const SessionRef& session,
                                       const ConnectionUse& use, bool quick) override;
  void give_back(const SitePtr& site, const SessionRef& session, PendingJob job) override;
  void forbid_early(Site& site) override { shared_.scheduler.forbid_early(site); }
  void answered(const SitePtr& site, const SessionRef& session, const smtp::Reply& reply,
                SteadyTime began, const AttemptFacts& facts) override;
  bool leave_idle(Site& site, const SessionRef& session) override;
  void connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                        const std::optional<Disposition>& failure, SteadyTime began,
                        const AttemptFacts& facts, bool paid) override;
  void prepare(const SitePtr& site, const SessionRef& session, PendingJob job,
               std::function<void(std::optional<PendingJob>)> then) override;
  void unused(Site& site, const SessionRef& session, std::size_t transactions) override;
  void settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts) override;
  bool short_of_connections() const override { return shares_.any_waiting(); }
  void retire(std::uint64_t session) override;

  Scheduler::Now now() const;
  void carry_out(Orders orders);
  void look_up(queue::Lane lane);
  void open(ConnectionShares::Connection connection);
  void start(ConnectionShares::Connection connection);
  bool may_open(const Site& site) const;
  void give_up(const ConnectionShares::Connection& connection);
  void make_room_at(const net::IpAddress& address);
  void share_ended(const std::string& account);
  void wake(const SessionRef& session);
  void read(std::vector<Orders::Read> reads);
  void look_for_overdue(Orders::Overdue overdue);
  void recall(std::vector<PutOff> put_off);
  // Counts what waits in `lanes`, then calls `then` with it.
  void count_jobs(std::vector<queue::Lane> lanes, std::function<void(std::uint64_t)> then);
  void report_away(Orders::Away away);
  void report_back(Orders::Back back);
  void waits(const queue::Job& job);
  void at_desk(const queue::MessageId& id, std::function<void(Settler&)> task);
  void find_lanes(queue::Cursor from);
  void tick();

  relay::Context& context_;
  SharedDelivery& shared_;
  ConnectionShares shares_;
  LocalAddresses local_addresses_;
  DeadAddresses dead_addresses_;
  TlsSessions tls_sessions_;
  Router router_;
  Settler settler_;
  struct Session {
    std::unique_ptr<DeliverySession> session;
    std::string account;  // as `shares_` counts it
  };
  std::unordered_map<std::uint64_t, Session> sessions_;
  std::optional<net::Timer> timer_;  // of the worker that feeds
  std::optional<QueueCensus> census_;
  std::optional<SlowedSites> slowed_;
};

}  // namespace signpost::delivery
