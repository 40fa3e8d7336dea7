// Which job goes next, and over which connection: every lane with waiting mail, and every site.
//
// A job stays in the store until a connection can take it. Of each lane the scheduler knows when
// its first job is due, no more; when it is, the lane joins the line of its site, and is read a few
// jobs at a time as the site's connections take them. A lane whose site is full or backing off is
// not read, and nothing of it is written. Fresh mail takes a short path: it goes to its site in
// memory while there is room.
//
//   lane:  unknown -> waits until it is due -> [looked up] -> in its site's line -> …
//   job:   in the store -> claimed, in the line -> taken by a session -> settled
#pragma once

#include "base/clock.h"
#include "base/mutex.h"
#include "delivery/attempt_facts.h"
#include "delivery/disposition.h"
#include "delivery/lane_share.h"
#include "delivery/next_hop.h"
#include "delivery/orders.h"
#include "delivery/pending_job.h"
#include "delivery/site.h"
#include "delivery/site_pauses.h"
#include "delivery/site_view.h"
#include "delivery/warm_up.h"
#include "queue/store.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

struct Scheduling;

// Pure apart from its mutex, which is held for list operations only: time, chance and everything
// slow is up to the caller. Any thread.
class Scheduler {
 public:
  using Limits = SchedulerLimits;
  using Now = SchedulerNow;

  explicit Scheduler(std::size_t workers) : Scheduler(workers, Limits{}) {}
  Scheduler(std::size_t workers, Limits limits);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // How far in the future a job may be due, and how often lanes that cannot be served are
  // searched for overdue jobs. From the configuration.
  void set_schedule(std::chrono::seconds longest_delay, std::chrono::seconds overdue_interval);
  // How lanes share a receiver, from the configuration: by their accounts and priorities until it
  // is set. Before forget_routes(). `shares` is called under a lock, and must be quick.
  void set_shares(LaneShares shares);
  // Routes may have changed: each lane is looked up again before its next job goes.
  void forget_routes(const Now& now, Orders& orders);
  void stop();  // begins nothing more

  // --- waiting jobs ---
  // A fresh job, stored and claimed. True: `job` was moved from and waits in memory. False: there
  // is no room, or others of its lane wait in the store before it; it will be read in its turn, and
  // the caller releases its claim. `in_memory`: whether there is memory for its content.
  bool accept(PendingJob& job, bool in_memory, std::size_t worker, const Now& now, Orders& orders);
  // A stored, waiting job that nobody holds: it was deferred, retried by hand, or its
  // claim was given up. After the claim's release.
  void waits(const queue::Job& job, const Now& now, Orders& orders);
  // A lane of an earlier run.
  void waits(const queue::WaitingLane& lane, const Now& now);
  // To be called often: handles lanes that have become due, sites whose back-off is over, and
  // overdue jobs. Returns when to call it again, however quiet it is.
  SteadyTime tick(const Now& now, Orders& orders);

  // --- answers to orders ---
  void routed(const queue::Lane& lane, const NextHop& hop, std::size_t worker, const Now& now,
              Orders& orders);
  // Outcome::Failed: all of the lane's jobs fail with `why`. Outcome::Delayed: that was an attempt
  // of its first job, and the lane is looked up again after a while. `is_news`: false when the log
  // has said already that no domain can be looked up.
  void unroutable(const queue::Lane& lane, const Disposition& why, const Now& now, Orders& orders,
                  bool is_news = true);
  // `jobs` claimed by the read of `lane` that began at `from`; nothing when the store could not be
  // read, which is tried again.
  void rows(const queue::Lane& lane, std::optional<queue::ClaimedJobs> page, std::size_t worker,
            const Now& now, Orders& orders);

  // --- sessions; each holds one connection of an exit of `site` ---
  NextHop hop(const Site& site) const;
  // A place among the connections to `address`, which all sites share. False: there are enough, and
  // the site waits until one is free; the session may try another address, and ends without a
  // failure if there is none.
  bool take_place(const SitePtr& site, const net::IpAddress& address, const Now& now);
  void give_back_place(const net::IpAddress& address, std::size_t worker, const Now& now,
                       Orders& orders);
  // Another connection for a session whose only one is not made yet: see ConnectRace. False: the
  // limits of the site and its group leave none, or others wait for one.
  bool take_beside(const SitePtr& site, const SessionRef& session);
  // Before connection_ended().
  void give_back_beside(const SitePtr& site, const SessionRef& session, const Now& now,
                        Orders& orders);
  // Whether an idle session of `site` with a connection to `address` should close: others wait for
  // its place, or for a connection of its group, or there are more than may be.
  bool must_make_room(const Site& site, const SessionRef& session,
                      const std::optional<net::IpAddress>& address) const;
  // The first success after failures recalls what was put off because of them.
  void connection_ready(Site& site, const SessionRef& session, const Now& now, Orders& orders);
  // So many transactions of a job that was taken were not begun.
  void unused(Site& site, const SessionRef& session, std::size_t transactions);
  // Whether it is known to be away: its failures are then not logged.
  bool is_away(const Site& site) const;
  // A job of Orders::recall, claimed: it goes now.
  void recalled(PendingJob job, const Now& now, Orders& orders);
  // The connection of a job was lost in the middle of it. If the receiver turns out to be down, the
  // job is recalled with the others.
  void cut_off(const queue::Job& job);
  // The next job; nothing: the session is idle from now on and will be woken, unless it must make
  // room.
  std::optional<PendingJob> take(const SitePtr& site, const SessionRef& session,
                                 const ConnectionUse& use, const Now& now, Orders& orders);
  // For a session that would begin it before the reply to its current message, and must wait for
  // that reply: only jobs that no session is free for. `quick`: that reply is near; else there must
  // be more jobs than sessions to take them.
  std::optional<PendingJob> take_early(const SitePtr& site, const SessionRef& session,
                                       const ConnectionUse& use, bool quick, const Now& now,
                                       Orders& orders);
  // The peer discarded what was begun early: never do so again.
  void forbid_early(Site& site);
  // A job that was taken and not tried goes back to the front of its lane.
  void give_back(const SitePtr& site, const SessionRef& session, PendingJob job, const Now& now,
                 Orders& orders);
  // A job that was taken and cannot go for reasons of our own: its lane waits for a few seconds.
  void put_off(PendingJob job, const Now& now, Orders& orders);
  // The session's idle time is over. False: it has been woken and must look for a job.
  bool leave_idle(Site& site, const SessionRef& session);
  // `was_ready`: connection_ready() was called. `failure`: why it never became ready, or why the
  // one that followed it in the same session did not; nothing when it did, or when it was given up
  // for reasons of our own. `began`: when it was opened. `facts`: of the failure. `paid`: it took a
  // job and turned it away, which was an attempt of that job alone; then the site is away until a
  // session there gets on to a second job.
  void connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                        const std::optional<Disposition>& failure, SteadyTime began, const Now& now,
                        Orders& orders, const AttemptFacts& facts = {}, bool paid = false);

  // What a site, or its group, may be sent after it has asked for less.
  struct Reduced {
    std::string site;      // its key, or the name of the group
    unsigned percent = 0;  // of the usual
    std::uint64_t connections = 0;
  };
  // A reply to what was begun at `began` says that it is sent too much: it is sent half as much
  // from now on. Nothing: that was known; see Throttle::reduce().
  std::optional<Reduced> asked_for_less(const SitePtr& site, const SessionRef& session,
                                        SteadyTime began, const Now& now);

  // --- operators ---
  // The receivers of this lane's mail are tried at once, whatever their back-off.
  void forgive(const queue::Lane& lane, const Now& now, Orders& orders);

  // Of a paused site, or of all sites of a paused group, no job is taken and no connection opened;
  // what sessions have taken goes. Its mail ages all the same. A pause that ends by time ends by
  // itself, with Orders::resumed. pause() replaces the pause of the same site; false: there are
  // SitePauses::kMost others. resume() is false if there is no such pause.
  bool pause(SitePause pause, const Now& now, Orders& orders);
  bool resume(std::string_view site, const Now& now, Orders& orders);
  std::vector<SitePause> pauses() const;
  SitePausePtr pause_of(const SiteName& site) const;  // what pauses it; null: nothing does
  bool is_paused(const Site& site) const;

  // Takes those of `jobs` of a lane that wait in memory out of their line: their claims are the
  // caller's from then on.
  std::vector<PendingJob> withdraw(const queue::Lane& lane, std::vector<queue::JobRef> jobs);

  // What delays this lane's mail now, if its receiver is paused or backing off, its names cannot be
  // looked up, or a limit of its receiver is reached.
  std::optional<Disposition> obstacle(const queue::Lane& lane) const;
  // Where this lane's mail goes; nothing until it has been looked up.
  std::optional<SiteName> site_name(const queue::Lane& lane) const;
  // The key of the site where this lane's mail goes; "" until it has been looked up.
  std::string site_of(const queue::Lane& lane) const;

  // At most `limit` sites, first those that are paused, back off or wait for their limits; then
  // those with most lanes. Looks at all of them.
  SiteViews sites(std::size_t limit, const Now& now) const;
  // The site with this key, those that differ from it in their sources only, and the sites of the
  // group with this name, with some of their lanes.
  SiteViews sites_named(const std::string& name, std::size_t limit, const Now& now) const;

  struct Figures {
    std::size_t lanes = 0;  // with waiting mail, or recently
    std::size_t sites = 0;
    std::size_t in_memory = 0;  // jobs in lines
    std::size_t failing = 0;    // sites that back off, as of the last second
    std::size_t paused = 0;     // sites and groups that operators have paused
    std::uint64_t moves = 0;    // how often a lane has got another site
  };
  Figures figures() const;
  // The first host of each site, or of one site of each group, that is sent less than usual, as of
  // the last second: see asked_for_less().
  std::vector<std::string> slowed() const;
  std::size_t most_in_memory() const;

  // What sources in their warm-up have sent today, across restarts.
  WarmUpCounts::Kept warm_up();
  bool is_warm_up_unsaved() const;
  void set_warm_up_unsaved();                            // what warm_up() returned was lost
  void restore_warm_up(const WarmUpCounts::Kept& kept);  // before there is mail

  // For each of `lanes` a host to which its mail went last, "" when none is known.
  std::vector<std::string> hosts(const std::vector<queue::Lane>& lanes) const;

 private:
  mutable Mutex mutex_;
  const std::unique_ptr<Scheduling> impl_ PT_GUARDED_BY(mutex_);
};

}  // namespace signpost::delivery
