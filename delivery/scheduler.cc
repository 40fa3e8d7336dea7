#include "delivery/scheduler.h"

#include "base/check.h"
#include "delivery/lane_table.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <queue>
#include <unordered_map>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kRouteGood{10};    // then it is looked up again, in passing
constexpr std::chrono::minutes kRouteKept{5};     // then nothing goes before it is looked up
constexpr std::chrono::seconds kLinger{60};       // of a lane in which nothing waits
constexpr std::chrono::seconds kTidyInterval{1};  // between looks for sites to forget
constexpr std::chrono::milliseconds kTick{100};
constexpr std::size_t kJobsWithoutSite = 1000;  // fresh ones that wait for a look-up, a lane
constexpr std::size_t kLeastWanted = 32;        // jobs in a line, while more are in the store
constexpr std::size_t kMostWanted = 256;
constexpr std::size_t kJobsAConnection = 8;
constexpr std::size_t kLanesReady = 16;  // lanes with jobs in memory, while others are unread
constexpr std::size_t kLanesATick = 10'000;
constexpr std::size_t kUnread = 256;  // lanes in a line that can be read; the others are parked
constexpr std::size_t kStaleLanesATick = 500;

std::size_t wanted(const Site& site) {
  return std::clamp(kJobsAConnection * site.connections.limit(), kLeastWanted, kMostWanted);
}

// A connection is there to take what is read, or on its way while nothing speaks against it.
bool can_take(const Site& site) {
  return site.connections.connected() > 0 ||
         (site.connections.open() > 0 && !site.back_off.failing());
}

}  // namespace

struct Scheduler::Impl {
  using Active = Lane::Active;

  Impl(std::size_t worker_count, const Limits& given) : workers(worker_count), limits(given) {}

  Active& active(Lane& lane);
  void drained(Lane& lane, const Now& now);
  void join(Lane& lane, std::size_t worker, const Now& now, Orders& orders);
  void leave(Lane& lane);
  void park(Lane& lane);
  void unpark(const SitePtr& site, std::size_t count, const Now& now, Orders& orders);
  bool has_route(const Lane& lane, const Now& now) const;
  void look_up(Lane& lane, Orders& orders);
  void looked_up(Active& lane, Orders& orders);
  // Whether the answer to its look-up is of a configuration that is gone.
  bool asked_before(const Active& lane) const { return lane.look_up_epoch != epoch; }
  SitePtr site_for(const NextHop& hop, const Now& now);

  void waits(Lane& lane, const queue::LanePosition& position, const Now& now, Orders& orders);
  void seen(Lane& lane, const queue::LanePosition& position);
  void start_at(Lane& lane, const queue::LanePosition& position);
  void due(Lane& lane, const Now& now, Orders& orders);
  void read(Lane& lane, std::size_t limit, const Now& now, Orders& orders);
  void pause(Lane& lane, const Disposition& why, const Now& now);
  void unload(Lane& lane, Orders& orders);
  void apply_verdict(Lane& lane, Orders& orders);
  void charge(const SitePtr& site, const Disposition& why, const AttemptFacts& facts,
              const Now& now, Orders& orders);
  void arrange(const SitePtr& site, std::size_t worker, const Now& now, Orders& orders);
  void read_for(const SitePtr& site, const Now& now, Orders& orders);
  void tidy(const Now& now);
  PendingJob taken(JobLine::Taken taken, const Now& now);
  Disposition why_waiting(const Lane& lane) const;
  SystemTime trouble_ends(const Lane& lane, const Now& now) const;

  const std::size_t workers;
  const Limits limits;
  std::chrono::seconds horizon{2 * 86'400};
  std::chrono::seconds overdue_interval{600};
  std::uint32_t epoch = 1;
  bool stopped = false;

  LaneTable lanes;
  std::unordered_map<std::string, SitePtr> sites;
  std::size_t in_memory = 0;  // jobs in lanes
  std::size_t reading = 0;    // jobs that reads under way may bring

  std::size_t looking_up = 0;
  std::deque<Lane*> to_look_up;
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

// Lanes -------------------------------------------------------------------------------------------

Lane::Active& Scheduler::Impl::active(Lane& lane) {
  if (!lane.active) {
    lane.active = std::make_unique<Active>();
    lane.active->turn.lane = &lane;
    if (lane.parked) {
      lane.active->position = {lane.first, {}};
      lane.active->turn.stored = true;
    }
  }
  if (lane.lingering) {
    lane.lingering = false;
    lanes.wake_at(lane, SystemTime::max());
  }
  return *lane.active;
}

// Nothing of it is in memory, being read or due: it waits for its time, or to be forgotten.
void Scheduler::Impl::drained(Lane& lane, const Now& now) {
  if (lane.parked) return;
  Active* const state = lane.active.get();
  if (state != nullptr) {
    const LaneTurn& turn = state->turn;
    if (!turn.jobs.empty() || turn.stored || turn.reading || state->looking_up || state->queued) {
      return;
    }
  }
  const bool waits = lanes.has_time(lane);
  if (!waits && !lane.trouble && lanes.size() <= limits.lanes) {
    lane.lingering = true;  // it keeps what it has: mail for it is likely to come again
    lanes.wake_at(lane, now.schedule + kLinger);
    return;
  }
  if (state != nullptr) {
    leave(lane);
    lane.active.reset();
  }
  if (!waits) lanes.forget(lane);
}

bool Scheduler::Impl::has_route(const Lane& lane, const Now& now) const {
  return lane.site && !lane.site->forgotten && lane.route_epoch == epoch &&
         now.steady < lane.route_good_until + kRouteKept;
}

void Scheduler::Impl::leave(Lane& lane) {
  if (!lane.active->in_line) return;
  lane.site->line.remove(lane.active->turn);
  lane.active->in_line = false;
}

void Scheduler::Impl::join(Lane& lane, std::size_t worker, const Now& now, Orders& orders) {
  Active& state = active(lane);
  if (!has_route(lane, now)) leave(lane);  // its site may be forgotten, and has another budget then
  if (!state.in_line && has_route(lane, now) && state.verdicts == 0) {
    state.in_line = true;
    lane.trouble.reset();
  }
  if (state.in_line) {
    lane.site->line.update(state.turn);
    arrange(lane.site, worker, now, orders);
    if (!state.turn.jobs.empty() && lane.site->connections.full()) {
      lanes.wake_by(lane, now.schedule + overdue_interval);  // it may wait for long: see tick()
    }
  }
  if (!has_route(lane, now) || now.steady >= lane.route_good_until) look_up(lane, orders);
  park(lane);
}

// A line needs no more lanes than can be read soon; one is enough for a site that takes nothing. Of
// the others no more is kept than where to begin.
void Scheduler::Impl::park(Lane& lane) {
  if (!lane.active) return;
  const Active& state = *lane.active;
  const LaneTurn& turn = state.turn;
  if (!state.in_line || !turn.stored || !turn.jobs.empty() || turn.reading || state.looking_up ||
      state.queued || state.verdicts > 0 || lane.parked ||
      lane.site->line.unread() <= (can_take(*lane.site) ? kUnread : 1)) {
    return;
  }
  lane.first = state.position.due;
  leave(lane);
  lane.active.reset();
  lane.parked = true;
  lane.site->parked.push_back(&lane);
}

// Brings up to `count` parked lanes back.
void Scheduler::Impl::unpark(const SitePtr& site, std::size_t count, const Now& now,
                             Orders& orders) {
  for (; count > 0 && !site->parked.empty(); --count) {
    Lane& lane = *site->parked.front();
    site->parked.pop_front();
    site->stale -= std::min<std::size_t>(site->stale, 1);
    Active& state = active(lane);
    lane.parked = false;
    if (!state.turn.stored && !state.turn.reading) {  // it was read and emptied meanwhile
      drained(lane, now);
      continue;
    }
    if (state.in_line) continue;
    if (!has_route(lane, now)) {
      look_up(lane, orders);
      continue;
    }
    state.in_line = true;
    site->line.update(state.turn);
  }
}

void Scheduler::Impl::look_up(Lane& lane, Orders& orders) {
  Active& state = active(lane);
  if (state.looking_up || state.queued || stopped) return;
  if (looking_up >= limits.look_ups) {
    state.queued = true;
    to_look_up.push_back(&lane);
    return;
  }
  ++looking_up;
  state.looking_up = true;
  state.look_up_epoch = epoch;
  orders.look_up.push_back(lane_named(*lane.key));
}

void Scheduler::Impl::looked_up(Active& state, Orders& orders) {
  CHECK(state.looking_up && looking_up > 0);
  state.looking_up = false;
  --looking_up;
  if (to_look_up.empty()) return;
  Lane& next = *to_look_up.front();
  to_look_up.pop_front();
  next.active->queued = false;
  look_up(next, orders);
}

SitePtr Scheduler::Impl::site_for(const NextHop& hop, const Now& now) {
  SitePtr& slot = sites[hop.key];
  if (!slot) {
    slot = std::make_shared<Site>(hop, workers);
    slot->rate.set(hop.rate, now.steady);
  } else if (slot->hop != hop) {  // the limits of the present configuration
    if (slot->hop.rate != hop.rate) slot->next_token = {};
    slot->hop = hop;
    slot->connections.set_limit(hop.connections);
    slot->rate.set(hop.rate, now.steady);
  }
  return slot;
}

// What waits in the store -------------------------------------------------------------------------

void Scheduler::Impl::due(Lane& lane, const Now& now, Orders& orders) {
  active(lane).turn.stored = true;
  lanes.wake_at(lane, now.schedule + overdue_interval);
  join(lane, 0, now, orders);
}

// A job at `position` waits in a lane that is being read, or that will be.
void Scheduler::Impl::seen(Lane& lane, const queue::LanePosition& position) {
  Active& state = *lane.active;
  if (state.turn.reading) {
    state.meanwhile = std::min(state.meanwhile.value_or(position), position);
  } else {
    state.position = std::min(state.position, position);
  }
}

void Scheduler::Impl::waits(Lane& lane, const queue::LanePosition& position, const Now& now,
                            Orders& orders) {
  if (lane.parked && !lane.active) {
    lane.first = std::min(lane.first, position.due);
    return;
  }
  if (lane.active && (lane.active->turn.reading || lane.active->turn.stored)) {
    seen(lane, position);
    return;
  }
  if (lane.lingering) {
    lane.lingering = false;
    lanes.wake_at(lane, SystemTime::max());
  }
  if (position.due > now.schedule) {
    lanes.wake_by(lane, position.due);
    drained(lane, now);
    return;
  }
  start_at(lane, position);
  due(lane, now, orders);
}

// Reads on from `position`, or from what became due before it and was not seen yet.
void Scheduler::Impl::start_at(Lane& lane, const queue::LanePosition& position) {
  const bool earlier = lanes.has_time(lane) && lane.wake < position.due;
  active(lane).position = earlier ? queue::LanePosition{lane.wake, {}} : position;
  lane.active->turn.stored = true;
}

void Scheduler::Impl::read(Lane& lane, std::size_t limit, const Now& now, Orders& orders) {
  Active& state = *lane.active;
  CHECK(!state.turn.reading);
  state.turn.reading = true;
  state.asked = limit;
  state.meanwhile.reset();
  if (lane.site) lane.site->reading += limit;
  reading += limit;
  // What was put off when the clock was far ahead is due now: no schedule can mean it.
  const bool stray = state.position.due > now.schedule + horizon;
  orders.read.push_back({lane_named(*lane.key), state.position,
                         stray ? SystemTime::max() - std::chrono::hours(1) : now.schedule, limit});
  if (state.in_line) lane.site->line.update(state.turn);
}

// A lane with jobs in the store is left alone for a few seconds, for reasons of our own.
void Scheduler::Impl::pause(Lane& lane, const Disposition& why, const Now& now) {
  leave(lane);
  lane.trouble = std::make_unique<BackOff>();
  lane.trouble->failed(why, now.steady, now.steady, now.dice);
  lanes.wake_at(lane, trouble_ends(lane, now));
}

// The jobs of a lane that are in memory wait in the store again.
void Scheduler::Impl::unload(Lane& lane, Orders& orders) {
  LaneTurn& turn = lane.active->turn;
  if (turn.jobs.empty()) return;
  auto first = queue::position_of(turn.jobs.front().job);
  for (const PendingJob& pending : turn.jobs) {
    first = std::min(first, queue::position_of(pending.job));
  }
  in_memory -= turn.jobs.size();
  orders.released.insert(orders.released.end(), std::make_move_iterator(turn.jobs.begin()),
                         std::make_move_iterator(turn.jobs.end()));
  turn.jobs.clear();
  if (turn.reading || turn.stored) {
    seen(lane, first);
  } else {
    start_at(lane, first);
  }
  if (lane.active->in_line) lane.site->line.update(turn);
}

// Sites -------------------------------------------------------------------------------------------

void Scheduler::Impl::apply_verdict(Lane& lane, Orders& orders) {
  Active& state = *lane.active;
  while (state.verdicts > 0 && !state.turn.jobs.empty()) {
    --state.verdicts;
    --in_memory;
    orders.settle.push_back(
        {std::move(state.turn.jobs.front()), *state.verdict, state.verdict_facts});
    state.turn.jobs.pop_front();
  }
}

// A connection that was tried in vain is an attempt of the job whose turn it was; of no other. Only
// a failure for good (the domain has no host, or its host takes no mail) is that of its whole lane.
void Scheduler::Impl::charge(const SitePtr& site, const Disposition& why, const AttemptFacts& facts,
                             const Now& now, Orders& orders) {
  Lane* lane = nullptr;
  if (auto first = site->line.take()) {
    lane = first->lane->lane;
    orders.settle.push_back({taken(std::move(*first), now), why, facts});
    if (why.outcome != Outcome::Failed || !lane->active) return;
  } else {
    if (site->line.unread() == 0) unpark(site, 1, now, orders);
    LaneTurn* const turn = site->line.next_unread();
    if (turn == nullptr) return;
    lane = turn->lane;
  }
  Lane::Active& state = *lane->active;
  const bool for_good = why.outcome == Outcome::Failed;
  state.verdict = why;
  state.verdict_facts = facts;
  state.verdicts = for_good ? std::numeric_limits<std::size_t>::max() : 1;
  apply_verdict(*lane, orders);
  if (state.in_line) site->line.update(state.turn);
  if (state.turn.stored && !state.turn.reading) {
    read(*lane, for_good ? kMostWanted : 1, now, orders);
  } else if (!state.turn.reading) {
    state.verdicts = 0;
    drained(*lane, now);
  }
}

PendingJob Scheduler::Impl::taken(JobLine::Taken taken, const Now& now) {
  --in_memory;
  drained(*taken.lane->lane, now);
  return std::move(taken.job);
}

void Scheduler::Impl::arrange(const SitePtr& site, std::size_t worker, const Now& now,
                              Orders& orders) {
  if (stopped || now.steady < site->next_token) return;
  // A connection without a token would be opened for nothing.
  const std::size_t tokens = site->rate.available(now.steady);
  const std::size_t jobs = std::min(site->line.jobs(), tokens);
  if (tokens == 0 && site->line.jobs() > 0) {
    site->next_token = site->rate.next(now.steady);
    timers.push({site->next_token, site});
    return;
  }
  while (!site->idle.empty() && site->woken.size() < jobs) {
    auto chosen = std::ranges::find(site->idle, worker, &SessionRef::worker);
    if (chosen == site->idle.end()) chosen = std::prev(site->idle.end());
    site->woken.push_back(*chosen);
    orders.wake.push_back({site, *chosen});
    *chosen = site->idle.back();
    site->idle.pop_back();
  }
  if (site->line.unread() == 0) unpark(site, 1, now, orders);
  ConnectionBudget& connections = site->connections;
  // One connection on its way for each waiting job is enough; after a failure one at all is.
  std::size_t demand = jobs - std::min(jobs, site->woken.size());
  if (connections.open() == 0 && site->line.unread() > 0) ++demand;
  if (site->back_off.failing()) demand = std::min<std::size_t>(demand, 1);
  while (!connections.full() && connections.connecting() < demand &&
         site->back_off.may_try(now.steady)) {
    orders.open.push_back({site, connections.reserve(worker)});
  }
  read_for(site, now, orders);
}

void Scheduler::Impl::read_for(const SitePtr& site, const Now& now, Orders& orders) {
  if (!can_take(*site)) return;
  if (site->line.unread() < kUnread / 2) unpark(site, kUnread / 2, now, orders);
  while (site->line.unread() > 0) {
    const std::size_t have = site->line.jobs() + site->reading;
    const std::size_t want = std::max(wanted(*site), have);
    // What is in memory may all be of few lanes: it must not hold up the others.
    if (have == want && (site->line.ready() >= kLanesReady || site->reading > 0)) return;
    // Half of the room is for mail that is being accepted, and the last quarter for those who are
    // left with nothing, a few jobs each.
    const bool crowded = in_memory + reading >= limits.in_memory / 2;
    const bool in_need = have == 0 || have == want;
    if (crowded && (!in_need || in_memory + reading >= limits.in_memory)) {
      if (!std::exchange(site->hungry, true)) hungry.push_back(site);
      return;
    }
    const std::size_t share = crowded ? 0 : (want - have) / site->line.unread();
    Lane& lane = *site->line.next_unread()->lane;
    read(lane, std::max(share, JobLine::kFew), now, orders);
  }
}

void Scheduler::Impl::tidy(const Now& now) {
  if (now.steady < next_tidy) return;
  next_tidy = now.steady + kTidyInterval;
  std::erase_if(sites, [&](const auto& entry) {
    Site& site = *entry.second;
    const bool unused = site.line.empty() && site.parked.empty() && site.connections.open() == 0 &&
                        site.reading == 0 && site.back_off.may_try(now.steady);
    if (unused) site.forgotten = true;
    return unused;
  });
}

Disposition Scheduler::Impl::why_waiting(const Lane& lane) const {
  if (lane.trouble) return lane.trouble->why();
  if (lane.site && lane.site->back_off.failing()) return lane.site->back_off.why();
  return local(Outcome::Delayed, {4, 4, 5},
               "waiting for a connection: the receiver's limits are reached");
}

SystemTime Scheduler::Impl::trouble_ends(const Lane& lane, const Now& now) const {
  return now.schedule + std::chrono::duration_cast<std::chrono::microseconds>(
                            lane.trouble->not_before() - now.steady);
}

// The door ----------------------------------------------------------------------------------------

Scheduler::Scheduler(std::size_t workers, Limits limits)
    : impl_(std::make_unique<Impl>(workers, limits)) {}

Scheduler::~Scheduler() = default;

void Scheduler::set_schedule(std::chrono::seconds longest_delay,
                             std::chrono::seconds overdue_interval) {
  const MutexLock lock(mutex_);
  impl_->horizon = 2 * longest_delay;
  impl_->overdue_interval = overdue_interval;
}

void Scheduler::forget_routes(const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  ++impl_->epoch;
  // There may be many of those: tick() brings them, some at a time.
  for (const auto& [key, site] : impl_->sites) {
    if (site->stale == 0 && !site->parked.empty()) impl_->stale.push_back(site);
    site->stale = site->parked.size();
  }
  impl_->lanes.for_each([&](Lane& lane) {
    if (!lane.active || !lane.active->in_line) return;
    impl_->leave(lane);
    const LaneTurn& turn = lane.active->turn;
    if (!turn.jobs.empty() || turn.stored) impl_->join(lane, 0, now, orders);
  });
}

void Scheduler::stop() {
  const MutexLock lock(mutex_);
  impl_->stopped = true;
}

bool Scheduler::accept(PendingJob& job, bool in_memory, std::size_t worker, const Now& now,
                       Orders& orders) {
  const MutexLock lock(mutex_);
  if (!in_memory || impl_->stopped) return false;
  if (impl_->in_memory >= impl_->limits.in_memory / 4 * 3) return false;
  Lane& lane = impl_->lanes.find_or_make(job.job.lane);
  if (lane.parked) return false;
  Lane::Active& state = impl_->active(lane);
  const LaneTurn& turn = state.turn;
  const bool kept = impl_->has_route(lane, now);
  const bool room = !turn.stored && !turn.reading && state.verdicts == 0 && !lane.trouble &&
                    (kept ? lane.site->line.jobs() < impl_->limits.line &&
                                (can_take(*lane.site) || lane.site->back_off.may_try(now.steady))
                          : turn.jobs.size() < kJobsWithoutSite);
  if (!room) {
    impl_->drained(lane, now);
    return false;
  }
  state.turn.jobs.push_back(std::move(job));
  ++impl_->in_memory;
  impl_->join(lane, worker, now, orders);
  return true;
}

void Scheduler::waits(const queue::Job& job, const Now& now, Orders& orders) {
  if (job.state == queue::JobState::Held) return;
  const MutexLock lock(mutex_);
  impl_->waits(impl_->lanes.find_or_make(job.lane), queue::position_of(job), now, orders);
}

void Scheduler::waits(const queue::WaitingLane& lane, const Now& now) {
  const MutexLock lock(mutex_);
  Lane& found = impl_->lanes.find_or_make(lane.lane);
  if (found.parked && !found.active) {
    found.first = std::min(found.first, lane.due);
    return;
  }
  if (found.active && (found.active->turn.stored || found.active->turn.reading)) {
    // Mail that was accepted meanwhile began behind what an earlier run left.
    impl_->seen(found, {lane.due, {}});
    return;
  }
  found.lingering = false;
  // Due later than any schedule can mean: the clock was ahead when it was put off.
  impl_->lanes.wake_by(found, lane.due > now.schedule + impl_->horizon ? now.schedule : lane.due);
}

SteadyTime Scheduler::tick(const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Impl& impl = *impl_;
  if (now.schedule < impl.last_schedule) {  // back by far: see ScheduleClock
    impl.lanes.for_each([&](Lane& lane) {
      if (impl.lanes.has_time(lane) && lane.wake > now.schedule + impl.horizon) {
        impl.lanes.wake_at(lane, now.schedule);
      }
    });
  }
  impl.last_schedule = now.schedule;
  for (std::size_t count = 0; count < kLanesATick; ++count) {
    const SystemTime wake = impl.lanes.next_time();
    Lane* const lane = impl.lanes.next_due(now.schedule);
    if (lane == nullptr) break;
    if (lane->lingering) {
      if (lane->active && (lane->active->looking_up || lane->active->queued)) {
        impl.lanes.wake_at(*lane, now.schedule + kLinger);
        continue;
      }
      if (lane->active) impl.leave(*lane);
      impl.lanes.forget(*lane);
      continue;
    }
    if (lane->trouble && !lane->trouble->may_try(now.steady)) {
      impl.lanes.wake_at(*lane, impl.trouble_ends(*lane, now));
      continue;
    }
    if (lane->parked && !lane->active) {
      orders.overdue.push_back({lane_named(*lane->key), now.schedule, impl.why_waiting(*lane)});
      impl.lanes.wake_at(*lane, now.schedule + impl.overdue_interval);
      continue;
    }
    Lane::Active& state = impl.active(*lane);
    // What has waited in memory for long waits in the store, where its age is looked at.
    if (!state.turn.jobs.empty() &&
        state.turn.jobs.front().job.due + impl.overdue_interval <= now.schedule) {
      impl.unload(*lane, orders);
    }
    if (state.turn.stored || state.turn.reading) {
      orders.overdue.push_back({lane_named(*lane->key), now.schedule, impl.why_waiting(*lane)});
      impl.lanes.wake_at(*lane, now.schedule + impl.overdue_interval);
      if (!state.in_line || !impl.has_route(*lane, now)) impl.join(*lane, 0, now, orders);
      continue;
    }
    state.position = {wake, {}};
    impl.due(*lane, now, orders);
  }
  while (!impl.timers.empty() && impl.timers.top().time <= now.steady) {
    const SitePtr site = impl.timers.top().site;
    impl.timers.pop();
    impl.arrange(site, 0, now, orders);
  }
  for (std::size_t i = impl.hungry.size(); i > 0; --i) {
    const SitePtr site = std::move(impl.hungry.front());
    impl.hungry.pop_front();
    site->hungry = false;
    impl.arrange(site, 0, now, orders);
  }
  for (std::size_t i = impl.stale.size(); i > 0 && impl.to_look_up.size() < kStaleLanesATick; --i) {
    const SitePtr site = std::move(impl.stale.front());
    impl.stale.pop_front();
    impl.unpark(site, std::min(site->stale, kStaleLanesATick), now, orders);
    if (site->stale > 0) impl.stale.push_back(site);
  }
  impl.tidy(now);
  SteadyTime next = now.steady + kTick;
  if (!impl.timers.empty()) next = std::min(next, impl.timers.top().time);
  const SystemTime lane_time = impl.lanes.next_time();
  if (lane_time <= now.schedule) return now.steady;
  if (lane_time - now.schedule < kTick) {
    next = std::min(next, now.steady + (lane_time - now.schedule));
  }
  return next;
}

void Scheduler::routed(const queue::Lane& name, const NextHop& hop, std::size_t worker,
                       const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr || !lane->active) return;
  impl_->looked_up(*lane->active, orders);
  if (impl_->asked_before(*lane->active)) {
    impl_->look_up(*lane, orders);
    return;
  }
  const SitePtr site = impl_->site_for(hop, now);
  if (lane->site != site) {
    if (lane->active->turn.reading) {  // what the read may bring is the new site's
      if (lane->site) lane->site->reading -= lane->active->asked;
      site->reading += lane->active->asked;
    }
    impl_->leave(*lane);
    lane->site = site;
  }
  lane->route_epoch = impl_->epoch;
  lane->route_good_until = now.steady + kRouteGood;
  lane->trouble.reset();
  const LaneTurn& turn = lane->active->turn;
  if (turn.jobs.empty() && !turn.stored && !turn.reading) {
    impl_->drained(*lane, now);
    return;
  }
  impl_->join(*lane, worker, now, orders);
}

void Scheduler::unroutable(const queue::Lane& name, const Disposition& why, const Now& now,
                           Orders& orders) {
  const MutexLock lock(mutex_);
  Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr || !lane->active) return;
  Lane::Active& state = *lane->active;
  impl_->looked_up(state, orders);
  if (impl_->asked_before(state)) {
    impl_->look_up(*lane, orders);
    return;
  }
  const bool for_good = why.outcome == Outcome::Failed;
  if (!for_good && impl_->has_route(*lane, now)) {  // it serves on; asked again with the next job
    lane->route_good_until = now.steady + kRouteGood;
    impl_->drained(*lane, now);  // it may have been kept for this answer only
    return;
  }
  impl_->leave(*lane);
  if (lane->site && state.turn.reading) lane->site->reading -= state.asked;
  lane->site.reset();
  state.verdict = why;
  state.verdict_facts = {};
  state.verdicts = for_good ? std::numeric_limits<std::size_t>::max() : 1;
  impl_->apply_verdict(*lane, orders);
  if (!for_good) {
    if (!lane->trouble) lane->trouble = std::make_unique<BackOff>();
    lane->trouble->failed(why, now.steady, now.steady, now.dice);
    impl_->unload(*lane, orders);
    if (state.turn.stored || state.turn.reading) {
      impl_->lanes.wake_at(*lane, impl_->trouble_ends(*lane, now));
    } else {
      lane->trouble.reset();  // nothing waits for it until its next job is due
    }
  }
  if (state.verdicts > 0 && state.turn.stored && !state.turn.reading) {
    impl_->read(*lane, for_good ? kMostWanted : 1, now, orders);
    return;
  }
  if (!state.turn.stored && !state.turn.reading) state.verdicts = 0;
  impl_->drained(*lane, now);
}

void Scheduler::rows(const queue::Lane& name, std::optional<queue::ClaimedJobs> page,
                     std::size_t worker, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Lane* const lane = impl_->lanes.find(name);
  CHECK(lane != nullptr && lane->active && lane->active->turn.reading);
  Lane::Active& state = *lane->active;
  LaneTurn& turn = state.turn;
  turn.reading = false;
  impl_->reading -= state.asked;
  if (lane->site) lane->site->reading -= state.asked;
  if (!page) {  // from the same place again
    if (state.meanwhile) state.position = std::min(state.position, *state.meanwhile);
    state.meanwhile.reset();
    state.verdicts = 0;
    impl_->pause(*lane, local(Outcome::Delayed, {4, 3, 0}, "the queue cannot be read"), now);
    return;
  }
  impl_->in_memory += page->jobs.size();
  for (queue::Job& job : page->jobs) turn.jobs.push_back({std::move(job), nullptr});
  state.position = page->next;
  turn.stored = !page->end;
  if (state.meanwhile && (*state.meanwhile < state.position)) {
    state.position = *state.meanwhile;
    turn.stored = true;
  }
  if (page->end && page->due && *page->due > now.schedule + impl_->horizon && !turn.stored) {
    state.position = {*page->due, {}};  // put off when the clock was far ahead
    turn.stored = true;
  }
  if (!turn.stored) {
    impl_->lanes.wake_at(*lane, page->due.value_or(SystemTime::max()));
    if (state.meanwhile) impl_->lanes.wake_by(*lane, state.meanwhile->due);
  }
  state.meanwhile.reset();
  impl_->apply_verdict(*lane, orders);
  if (state.verdicts > 0 && turn.stored && state.verdicts != 1) {
    impl_->read(*lane, kMostWanted, now, orders);
    return;
  }
  state.verdicts = 0;
  const bool down =
      lane->site && !can_take(*lane->site) && !lane->site->back_off.may_try(now.steady);
  if (lane->trouble || down) impl_->unload(*lane, orders);
  if (turn.stored && !lane->trouble) {
    // By then: the reads for a dead host's attempts must not put that look off again and again.
    impl_->lanes.wake_by(*lane, now.schedule + impl_->overdue_interval);
  } else if (turn.stored) {
    impl_->lanes.wake_at(*lane, impl_->trouble_ends(*lane, now));
    return;
  }
  if (turn.jobs.empty() && !turn.stored) {
    const SitePtr site = lane->site;
    if (state.in_line) site->line.update(turn);
    impl_->drained(*lane, now);
    if (site) impl_->arrange(site, worker, now, orders);  // others may be read in its place
    return;
  }
  impl_->join(*lane, worker, now, orders);
}

// Sessions ----------------------------------------------------------------------------------------

NextHop Scheduler::hop(const Site& site) const {
  const MutexLock lock(mutex_);
  return site.hop;
}

void Scheduler::connection_ready(Site& site) {
  const MutexLock lock(mutex_);
  site.connections.ready();
  site.back_off.succeeded();
}

std::optional<PendingJob> Scheduler::take(const SitePtr& site, const SessionRef& session,
                                          const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  std::erase(site->woken, session);
  std::optional<PendingJob> job;
  if (site->line.jobs() > 0) {
    if (site->rate.take(now.steady)) {
      job = impl_->taken(std::move(*site->line.take()), now);
    } else {
      site->next_token = site->rate.next(now.steady);
      impl_->timers.push({site->next_token, site});
    }
  }
  if (!job) {
    if (std::ranges::find(site->idle, session) == site->idle.end()) site->idle.push_back(session);
    impl_->read_for(site, now, orders);
    return std::nullopt;
  }
  std::erase(site->idle, session);
  impl_->arrange(site, session.worker, now, orders);
  return job;
}

std::optional<PendingJob> Scheduler::take_early(const SitePtr& site, bool quick, const Now& now,
                                                Orders& orders) {
  const MutexLock lock(mutex_);
  if (!site->early || !site->idle.empty()) return std::nullopt;
  if (site->line.jobs() <= (quick ? 0 : site->connections.open())) return std::nullopt;
  if (!site->rate.take(now.steady)) return std::nullopt;
  PendingJob job = impl_->taken(std::move(*site->line.take()), now);
  impl_->read_for(site, now, orders);
  return job;
}

void Scheduler::forbid_early(Site& site) {
  const MutexLock lock(mutex_);
  site.early = false;
}

void Scheduler::give_back(const SitePtr& site, PendingJob job, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  site->rate.give_back();
  Lane& lane = impl_->lanes.find_or_make(job.job.lane);
  Lane::Active& state = impl_->active(lane);
  state.turn.jobs.push_front(std::move(job));
  ++impl_->in_memory;
  impl_->join(lane, 0, now, orders);
}

void Scheduler::put_off(PendingJob job, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Lane& lane = impl_->lanes.find_or_make(job.job.lane);
  impl_->active(lane).turn.jobs.push_front(std::move(job));
  ++impl_->in_memory;
  impl_->unload(lane, orders);
  impl_->pause(
      lane, local(Outcome::Delayed, {4, 3, 1}, "waiting for memory: limits.memory is in use"), now);
}

bool Scheduler::leave_idle(Site& site, const SessionRef& session) {
  const MutexLock lock(mutex_);
  return std::erase(site.idle, session) != 0;
}

void Scheduler::connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                                 const std::optional<Disposition>& failure, SteadyTime began,
                                 const Now& now, Orders& orders, const AttemptFacts& facts) {
  const MutexLock lock(mutex_);
  site->connections.ended(session.worker, was_ready);
  std::erase(site->idle, session);
  std::erase(site->woken, session);
  if (failure) {
    site->back_off.failed(*failure, began, now.steady, now.dice);
    impl_->timers.push({site->back_off.not_before(), site});
    impl_->charge(site, *failure, facts, now, orders);
    if (site->connections.open() == 0) {
      // No other connection contradicts it: the failure is the site's, and its jobs wait where
      // waiting costs nothing.
      while (LaneTurn* turn = site->line.any_ready()) {
        Lane& lane = *turn->lane;
        impl_->unload(lane, orders);
        impl_->lanes.wake_by(lane, now.schedule + impl_->overdue_interval);
      }
    }
  }
  impl_->arrange(site, session.worker, now, orders);
}

void Scheduler::forgive(const queue::Lane& name, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr) return;
  if (lane->trouble) {
    lane->trouble.reset();
    impl_->lanes.wake_at(*lane, now.schedule);
  }
  if (!lane->site) return;
  lane->site->back_off.forgive();
  impl_->arrange(lane->site, 0, now, orders);
}

std::optional<Disposition> Scheduler::obstacle(const queue::Lane& name) const {
  const MutexLock lock(mutex_);
  const Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr) return std::nullopt;
  if (lane->trouble) return lane->trouble->why();
  if (lane->site && lane->site->back_off.failing()) return lane->site->back_off.why();
  return std::nullopt;
}

Scheduler::Figures Scheduler::figures() const {
  const MutexLock lock(mutex_);
  return {impl_->lanes.size(), impl_->sites.size(), impl_->in_memory};
}

}  // namespace signpost::delivery
