#include "delivery/scheduler.h"

#include "base/check.h"
#include "delivery/lane_table.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kRouteGood{10};  // then it is looked up again, while mail goes on
constexpr std::chrono::milliseconds kTick{100};
constexpr std::size_t kJobsWithoutSite = 1000;  // fresh ones that wait for a look-up, per lane
constexpr std::size_t kLanesATick = 10'000;
constexpr std::size_t kStaleLanesATick = 500;

}  // namespace

Scheduler::Scheduler(std::size_t workers, Limits limits)
    : impl_(std::make_unique<Scheduling>(workers, limits)) {}

Scheduler::~Scheduler() = default;

void Scheduler::set_schedule(std::chrono::seconds longest_delay,
                             std::chrono::seconds overdue_interval) {
  const MutexLock lock(mutex_);
  impl_->horizon = 2 * longest_delay;
  impl_->overdue_interval = overdue_interval;
}

void Scheduler::set_shares(LaneShares shares) {
  const MutexLock lock(mutex_);
  impl_->shares = std::move(shares);
}

void Scheduler::forget_routes(const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Scheduling& impl = *impl_;
  ++impl.epoch;
  // There may be many of those: tick() handles some at a time.
  for (const auto& [key, site] : impl.sites) {
    if (site->stale.empty() && !site->parked.empty()) impl.stale.push_back(site);
    site->parked.take_all(site->stale);
  }
  impl.lanes.for_each([&](Lane& lane) {
    if (!lane.active || !lane.active->in_line) return;
    impl.leave(lane);
    const LaneTurn& turn = lane.active->turn;
    if (!turn.jobs.empty() || turn.stored) impl.join(lane, 0, now, orders);
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
  if (lane.parked || lane.dormant) return false;
  Lane::Active& state = impl_->active(lane);
  const LaneTurn& turn = state.turn;
  const bool kept = impl_->has_route(lane, now);
  const bool room =
      !turn.stored && !turn.reading && state.verdicts == 0 && !lane.trouble &&
      (kept ? lane.site->pause == nullptr && lane.site->line.jobs() < impl_->limits.line &&
                  (can_take(*lane.site) ||
                   (lane.site->may_try(now.steady) && !is_crowded(*lane.site, now)))
            : turn.jobs.size() < kJobsWithoutSite);
  if (!room) {
    impl_->drained(lane, now);
    return false;
  }
  // Urgent mail goes before what has come just before it.
  auto& jobs = state.turn.jobs;
  auto place = jobs.end();
  while (place != jobs.begin() && job.job.due < std::prev(place)->job.due) --place;
  jobs.insert(place, std::move(job));
  ++impl_->in_memory;
  impl_->join(lane, worker, now, orders);
  return true;
}

void Scheduler::waits(const queue::Job& job, const Now& now, Orders& orders) {
  if (job.state == queue::JobState::Held) return;
  const MutexLock lock(mutex_);
  Lane& lane = impl_->lanes.find_or_make(job.lane);
  if (lane.site) impl_->is_put_off(lane.site, job);
  impl_->waits(lane, queue::position_of(job), now, orders);
}

void Scheduler::waits(const queue::WaitingLane& lane, const Now& now) {
  const MutexLock lock(mutex_);
  Lane& found = impl_->lanes.find_or_make(lane.lane);
  if (found.dormant) {
    found.first = std::min(found.first, lane.due);
    return;
  }
  if (found.active && (found.active->turn.stored || found.active->turn.reading)) {
    // Mail accepted meanwhile was placed after what an earlier run left.
    impl_->seen(found, {lane.due, {}});
    return;
  }
  found.lingering = false;
  // Due later than any schedule allows: the clock was ahead when it was put off.
  impl_->lanes.wake_by(found, impl_->is_stray(lane.due, now) ? now.schedule : lane.due);
}

SteadyTime Scheduler::tick(const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Scheduling& impl = *impl_;
  if (now.schedule < impl.last_schedule) {  // far back: see ScheduleClock
    impl.lanes.for_each([&](Lane& lane) {
      if (impl.lanes.has_time(lane) && impl.is_stray(lane.wake, now)) {
        impl.lanes.wake_at(lane, now.schedule);
      }
    });
  }
  impl.last_schedule = now.schedule;
  impl.begin_day(now);
  for (std::size_t count = 0; count < kLanesATick; ++count) {
    const SystemTime wake = impl.lanes.next_time();
    Lane* const lane = impl.lanes.next_due(now.schedule);
    if (lane == nullptr) break;
    if (lane->lingering) {
      if (lane->queued || (lane->active && lane->active->looking_up)) {
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
    if (lane->dormant) {
      orders.overdue.push_back({lane_named(*lane->key), now.schedule, impl.why_waiting(*lane)});
      impl.lanes.wake_at(*lane, now.schedule + impl.overdue_interval);
      continue;
    }
    Lane::Active& state = impl.active(*lane);
    // Jobs that have waited in memory for long wait in the store, where their age is checked.
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
    for (const Exit& exit : site->exits) impl.serve_tokens(*exit.allowance, now, orders);
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
    impl.unpark_stale(*site, kStaleLanesATick, now, orders);
    if (!site->stale.empty()) impl.stale.push_back(site);
  }
  impl.tidy(now, orders);
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
    if (lane->active->turn.reading) {  // the jobs of that read belong to the new site
      if (lane->site) lane->site->reading -= lane->active->asked;
      site->reading += lane->active->asked;
    }
    impl_->leave(*lane);
    lane->site = site;
    ++impl_->moves;
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
                           Orders& orders, bool is_news) {
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
  if (!for_good && impl_->has_route(*lane, now)) {  // still used; asked again with the next job
    lane->route_good_until = now.steady + kRouteGood;
    impl_->drained(*lane, now);  // it may have been kept for this answer only
    return;
  }
  impl_->leave(*lane);
  if (lane->site && state.turn.reading) lane->site->reading -= state.asked;
  lane->site.reset();
  state.verdict = why;
  state.verdict_facts = {};
  state.verdict_facts.known = lane->trouble != nullptr || (!is_news && !for_good);
  state.verdicts = for_good ? std::numeric_limits<std::size_t>::max() : 1;
  impl_->apply_verdict(*lane, orders);
  if (!for_good) {
    if (!lane->trouble) lane->trouble = std::make_unique<BackOff>(BackOff::kLookUps);
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
  const bool was_stray = impl_->is_stray(state.position.due, now);
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
  if (page->end && page->due && impl_->is_stray(*page->due, now) && !turn.stored && !was_stray) {
    state.position = {*page->due, {}};  // put off when the clock was far ahead, or scheduled
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
  const bool down = lane->site && !can_take(*lane->site) && !lane->site->may_try(now.steady);
  if (lane->trouble || down) impl_->unload(*lane, orders);
  if (turn.stored && !lane->trouble) {
    // By then: the reads for a dead host's attempts must not postpone that check again and again.
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

}  // namespace signpost::delivery
