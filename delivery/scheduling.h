// What the scheduler decides with: the lanes, the sites, and how a lane changes from one state to
// the next. scheduler.h is its interface.
#pragma once

#include "base/lru_map.h"
#include "delivery/address_places.h"
#include "delivery/lane_queue.h"
#include "delivery/lane_share.h"
#include "delivery/lane_table.h"
#include "delivery/orders.h"
#include "delivery/site.h"
#include "delivery/site_pauses.h"
#include "delivery/warm_up.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

namespace signpost::delivery {

inline constexpr std::chrono::seconds kLinger{60};  // of a lane in which nothing waits
inline constexpr std::size_t kMostWanted = 256;
inline constexpr std::size_t kAbsencesKept = 100'000;
// Lanes in a line that can be read; the others are parked. The second is for those that
// go before other mail of their owners.
inline constexpr std::size_t kUnread = 256;
inline constexpr std::size_t kUnreadOfAll = 4 * kUnread;

// A connection can take what is read, or is being opened with no sign of trouble.
bool can_take(const Site& site);

// Its addresses have as many connections as they may: it waits for a place.
inline bool is_crowded(const Site& site, const SchedulerNow& now) {
  return now.steady < site.crowded_until;
}

// The scheduler's state and decisions. Pure; guarded by the scheduler's mutex.
struct Scheduling {
  using Active = Lane::Active;

  using Limits = SchedulerLimits;
  using Now = SchedulerNow;

  Scheduling(std::size_t worker_count, const Limits& given)
      : workers(worker_count), limits(given) {}
  ~Scheduling();  // sites and allowances refer to each other
  Scheduling(const Scheduling&) = delete;
  Scheduling& operator=(const Scheduling&) = delete;

  Active& active(Lane& lane);
  void drained(Lane& lane, const Now& now);
  void put_first(PendingJob job, const Now& now, Orders& orders);
  void join(Lane& lane, std::size_t worker, const Now& now, Orders& orders);
  void enter(Lane& lane);  // the line of its site
  void leave(Lane& lane);
  void park(Lane& lane);
  void sleep(Lane& lane);  // it becomes dormant
  void unpark(const SitePtr& site, std::size_t count, const Now& now, Orders& orders);
  void unpark_stale(Site& site, std::size_t count, const Now& now, Orders& orders);
  void back_to_line(Lane& lane, const Now& now, Orders& orders);
  bool must_wait_parked(const Lane& lane) const;
  bool has_route(const Lane& lane, const Now& now) const;
  void look_up(Lane& lane, Orders& orders);
  void looked_up(Active& lane, Orders& orders);
  // Whether its look-up was made for a former configuration.
  bool asked_before(const Active& lane) const { return lane.look_up_epoch != epoch; }
  SitePtr site_for(const NextHop& hop, const Now& now);

  // --- limits of sites and groups: scheduling_limits.cc ---
  std::shared_ptr<Allowance> allowance_for(const NextHop& hop, std::size_t exit, const Now& now);
  void move_to(const SitePtr& site, Exit& exit, std::shared_ptr<Allowance> allowance,
               const Now& now);
  void set_daily(const Site& site, std::size_t exit, const Now& now);
  void begin_day(const Now& now);
  void is_idle(const SitePtr& site, const SessionRef& session);
  bool no_longer_idle(Site& site, const SessionRef& session);
  void wait_in(SiteTurns& turns, const SitePtr& site, bool ready = false);
  void waits_too(const Lane& lane);
  void promise_token(Exit& exit, const SessionRef& session);
  bool redeem_token(Exit& exit, const SessionRef& session);
  bool may_take(const SitePtr& site, const Exit& exit, const Now& now) const;
  void wait_for_token(const SitePtr& site, Exit& exit, const Now& now);
  void wait_ready_for_token(const SitePtr& site, Exit& exit, const Now& now);
  void serve_tokens(Allowance& allowance, const Now& now, Orders& orders);
  void open_connection(const Site& site, Exit& exit);
  void close_connection(const Site& site, Exit& exit, const SessionRef& session);
  bool should_leave(const Site& site, const Exit& exit, const ConnectionUse& use) const;
  void leaves(Exit& exit, const SessionRef& session, const ConnectionUse& use);
  void wait_for_connection(const SitePtr& site, Exit& exit, Orders& orders);
  void serve_connections(Allowance& allowance, std::size_t worker, const Now& now, Orders& orders);
  void restore_allowances(const Now& now, Orders& orders);
  void find_slowed();

  // --- paused sites: scheduling_pauses.cc ---
  void unload_line(Site& site, const Now& now, Orders& orders);
  void stop_site(const SitePtr& site, const Now& now, Orders& orders);
  void pauses_changed(const Now& now, Orders& orders);
  void end_pauses(const Now& now, Orders& orders);

  void waits(Lane& lane, const queue::LanePosition& position, const Now& now, Orders& orders);
  void seen(Lane& lane, const queue::LanePosition& position);
  void start_at(Lane& lane, const queue::LanePosition& position);
  void due(Lane& lane, const Now& now, Orders& orders);
  void read(Lane& lane, std::size_t limit, const Now& now, Orders& orders);
  void pause(Lane& lane, const Disposition& why, const Now& now);
  void unload(Lane& lane, Orders& orders);
  void apply_verdict(Lane& lane, Orders& orders);
  void will_be_put_off(Site& site, const queue::Job& job);
  bool has_many_sites() const;
  void is_put_off(const SitePtr& site, const queue::Job& job);
  // A connection to the site failed, and no other one carries its mail. Returns whether the site
  // was already known to be down.
  bool note_absence(Site& site, const Disposition& why, const AttemptFacts& facts, const Now& now);
  void tell_absence(Site& site, Orders& orders);
  void tell_return(Site& site, const Now& now, Orders& orders);
  void is_back(Site& site, Exit& exit, const Now& now, Orders& orders);
  void charge(const SitePtr& site, const Disposition& why, const AttemptFacts& facts,
              const Now& now, Orders& orders);
  void arrange(const SitePtr& site, std::size_t worker, const Now& now, Orders& orders);
  std::size_t wake_idle(const SitePtr& site, bool are_new, std::size_t left, std::size_t worker,
                        const Now& now, Orders& orders);
  std::size_t begin_at_new(const SitePtr& site, std::size_t left, std::size_t worker,
                           const Now& now, Orders& orders);
  void open_at(const SitePtr& site, Exit& exit, std::string account, std::size_t worker,
               const Now& now, Orders& orders);
  bool wants_connection(const Exit& exit, bool looks, const Now& now) const;
  Exit* exit_to_open(Site& site, bool looks, const Now& now) const;
  void read_for(const SitePtr& site, const Now& now, Orders& orders);
  void tidy(const Now& now, Orders& orders);
  void look_for_overdue(Site& site, const Now& now, Orders& orders);
  PendingJob taken(JobLine::Taken taken, const Now& now);
  // The line's next job, with the tokens it takes. REQUIRES: a job and a token
  PendingJob taken_at_rate(Site& site, Exit& exit, const Now& now);
  Disposition why_waiting(const Lane& lane) const;
  SystemTime trouble_ends(const Lane& lane, const Now& now) const;

  // Due later than any schedule allows: put off while the clock was far ahead, or as its sender
  // wants it.
  bool is_stray(SystemTime due, const Now& now) const { return due > now.schedule + horizon; }

  const std::size_t workers;
  const Limits limits;
  LaneShares shares = [](const queue::Lane& lane) {
    return LaneShare{.owner = std::string(queue::holder_of(lane.account)), .rank = lane.priority};
  };
  std::chrono::seconds horizon{2 * 86'400};
  std::chrono::seconds overdue_interval{600};
  std::uint32_t epoch = 1;
  bool stopped = false;

  AddressPlaces places;
  LaneTable lanes;
  std::unordered_map<std::string, SitePtr> sites;
  std::unordered_map<std::string, std::shared_ptr<Allowance>> groups;  // by name
  // What was already logged about sites that no mail waits for now.
  LruMap<std::string, Absence, StringHash> absences{kAbsencesKept};
  SitePauses pauses;
  WarmUpCounts warm_ups;
  std::size_t in_memory = 0;        // jobs in lanes
  std::size_t reading = 0;          // jobs that reads under way may bring
  std::uint64_t moves = 0;          // how often a lane has got another site
  std::size_t failing = 0;          // sites that back off, when tidy() counted them
  std::vector<std::string> slowed;  // see Scheduler::slowed()

  std::size_t looking_up = 0;
  LaneQueue to_look_up;
  std::deque<SitePtr> hungry;
  std::deque<SitePtr> stale;  // see Site::stale
  struct Timer {
    SteadyTime time;
    SitePtr site;
    bool operator>(const Timer& other) const { return time > other.time; }
  };
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers;
  SystemTime last_schedule = SystemTime::min();
  SteadyTime next_tidy{};
};

}  // namespace signpost::delivery
