#include "delivery/scheduling.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::hours kAbsenceKept{24};  // longer than a schedule waits
constexpr std::chrono::minutes kRouteKept{5};   // then nothing goes before it is looked up

}  // namespace

Lane::Active& Scheduling::active(Lane& lane) {
  if (!lane.active) {
    lane.active = std::make_unique<Active>();
    lane.active->turn.lane = &lane;
    if (std::exchange(lane.dormant, false)) {
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

// None of its jobs is in memory, being read or due: it waits for its time, or to be forgotten.
void Scheduling::drained(Lane& lane, const Now& now) {
  if (lane.parked || lane.queued) return;
  Active* const state = lane.active.get();
  if (state != nullptr) {
    const LaneTurn& turn = state->turn;
    if (!turn.jobs.empty() || turn.stored || turn.reading || state->looking_up) return;
  }
  const bool waits = lanes.has_time(lane);
  if (!waits && !lane.trouble && lanes.size() <= limits.lanes) {
    lane.lingering = true;  // it keeps its state: more mail for it is likely
    lanes.wake_at(lane, now.schedule + kLinger);
    return;
  }
  if (state != nullptr) {
    leave(lane);
    lane.active.reset();
  }
  if (!waits) lanes.forget(lane);
}

bool Scheduling::has_route(const Lane& lane, const Now& now) const {
  return lane.site && !lane.site->forgotten && lane.route_epoch == epoch &&
         now.steady < lane.route_good_until + kRouteKept;
}

void Scheduling::leave(Lane& lane) {
  if (!lane.active->in_line) return;
  lane.site->line.remove(lane.active->turn);
  lane.active->in_line = false;
}

// A claimed job becomes the first of its lane.
void Scheduling::put_first(PendingJob job, const Now& now, Orders& orders) {
  Lane& lane = lanes.find_or_make(job.job.lane);
  active(lane).turn.jobs.push_front(std::move(job));
  ++in_memory;
  join(lane, 0, now, orders);
}

void Scheduling::join(Lane& lane, std::size_t worker, const Now& now, Orders& orders) {
  Active& state = active(lane);
  if (!has_route(lane, now)) leave(lane);  // its site may be forgotten, and then has a new budget
  if (!state.in_line && has_route(lane, now) && state.verdicts == 0) {
    enter(lane);
    lane.trouble.reset();
  }
  if (state.in_line) {
    if (lane.site->pause) {
      unload(lane, orders);
      lanes.wake_by(lane, now.schedule + overdue_interval);
    }
    lane.site->line.update(state.turn);
    waits_too(lane);
    arrange(lane.site, worker, now, orders);
    if (!state.turn.jobs.empty() && lane.site->is_full()) {
      lanes.wake_by(lane, now.schedule + overdue_interval);  // it may wait for long: see tick()
    }
  }
  if (!has_route(lane, now) || now.steady >= lane.route_good_until) look_up(lane, orders);
  park(lane);
}

// For a lane that has jobs in the store only, and whose turn does not come soon, only the place to
// begin is kept. A line needs no more lanes than can be read soon; one is enough for a site
// that accepts nothing.
void Scheduling::park(Lane& lane) {
  if (!lane.active || lane.parked) return;
  const Active& state = *lane.active;
  const LaneTurn& turn = state.turn;
  if (!turn.stored || !turn.jobs.empty() || turn.reading || state.looking_up ||
      state.verdicts > 0) {
    return;
  }
  if (!state.in_line) {
    if (lane.queued) sleep(lane);
    return;
  }
  if (lane.queued || !must_wait_parked(lane)) return;
  sleep(lane);
  lane.parked = true;
  lane.site->parked.add(lane, shares(lane_named(*lane.key)));
}

// What goes before other mail of its owner waits in the line if it can, however many lanes do.
bool Scheduling::must_wait_parked(const Lane& lane) const {
  const Site& site = *lane.site;
  const std::size_t unread = site.line.unread();
  if (!can_take(site)) return unread > 1;
  const bool early = site.line.goes_early(lane.active->turn);
  return unread > (early ? kUnreadOfAll : kUnread);
}

void Scheduling::enter(Lane& lane) {
  lane.active->in_line = true;
  lane.site->line.add(lane.active->turn, shares(lane_named(*lane.key)));
}

void Scheduling::sleep(Lane& lane) {
  lane.first = lane.active->position.due;
  leave(lane);
  lane.active.reset();
  lane.dormant = true;
}

// Brings up to `count` parked lanes back.
void Scheduling::unpark(const SitePtr& site, std::size_t count, const Now& now, Orders& orders) {
  for (; count > 0; --count) {
    Lane* const lane = site->parked.take();
    if (lane == nullptr) break;
    back_to_line(*lane, now, orders);
  }
  if (site->parked.empty()) unpark_stale(*site, count, now, orders);
}

void Scheduling::unpark_stale(Site& site, std::size_t count, const Now& now, Orders& orders) {
  for (; count > 0 && !site.stale.empty(); --count) {
    Lane& lane = *site.stale.front();
    site.stale.pop_front();
    back_to_line(lane, now, orders);
  }
}

// A lane that was parked.
void Scheduling::back_to_line(Lane& lane, const Now& now, Orders& orders) {
  Active& state = active(lane);
  lane.parked = false;
  if (!state.turn.stored && !state.turn.reading) {  // it was read and emptied meanwhile
    drained(lane, now);
    return;
  }
  if (state.in_line) return;
  if (!has_route(lane, now)) {
    look_up(lane, orders);
    park(lane);
    return;
  }
  enter(lane);
  lane.site->line.update(state.turn);
}

void Scheduling::look_up(Lane& lane, Orders& orders) {
  if (lane.queued || stopped) return;
  Active& state = active(lane);
  if (state.looking_up) return;
  if (looking_up >= limits.look_ups) {
    lane.queued = true;
    to_look_up.add(lane, shares(lane_named(*lane.key)));
    return;
  }
  ++looking_up;
  state.looking_up = true;
  state.look_up_epoch = epoch;
  orders.look_up.push_back(lane_named(*lane.key));
}

void Scheduling::looked_up(Active& state, Orders& orders) {
  CHECK(state.looking_up && looking_up > 0);
  state.looking_up = false;
  --looking_up;
  Lane* const next = to_look_up.take();
  if (next == nullptr) return;
  next->queued = false;
  look_up(*next, orders);
}

SitePtr Scheduling::site_for(const NextHop& hop, const Now& now) {
  begin_day(now);
  SitePtr& slot = sites[hop.key];
  if (!slot) {
    slot = std::make_shared<Site>(hop, workers);
    const auto first = static_cast<std::size_t>(now.dice * static_cast<double>(hop.sources.size()));
    for (std::size_t i = 0; i < slot->exits.size(); ++i) {
      if (i != first) slot->exits[i].opened += SteadyTime::duration(1);  // its turn is later
      slot->exits[i].allowance = allowance_for(hop, i, now);
      set_daily(*slot, i, now);
    }
    slot->pause = pauses.find(hop.key, hop.group);
    if (const Absence* const known = absences.find(hop.key)) {
      if (now.steady - known->last < kAbsenceKept) slot->absence = *known;
      absences.erase(hop.key);
    }
  } else if (slot->hop != hop) {  // the limits of the current configuration
    const bool regroups = slot->hop.group != hop.group;
    slot->hop = hop;
    slot->pause = pauses.find(hop.key, hop.group);
    for (std::size_t i = 0; i < slot->exits.size(); ++i) {
      Exit& exit = slot->exits[i];
      exit.connections.set_limit(hop.connections);
      if (regroups) move_to(slot, exit, allowance_for(hop, i, now), now);
      exit.allowance->set(hop.connections, hop.rate, now.steady);
      set_daily(*slot, i, now);
      exit.allowance->next_token.reset();
    }
    timers.push({now.steady, slot});
  }
  return slot;
}

// What waits in the store -------------------------------------------------------------------------

void Scheduling::due(Lane& lane, const Now& now, Orders& orders) {
  active(lane).turn.stored = true;
  lanes.wake_at(lane, now.schedule + overdue_interval);
  join(lane, 0, now, orders);
}

// A job at `position` waits in a lane that is being read, or that will be.
void Scheduling::seen(Lane& lane, const queue::LanePosition& position) {
  Active& state = *lane.active;
  if (state.turn.reading) {
    state.meanwhile = std::min(state.meanwhile.value_or(position), position);
  } else {
    state.position = std::min(state.position, position);
  }
}

void Scheduling::waits(Lane& lane, const queue::LanePosition& position, const Now& now,
                       Orders& orders) {
  if (lane.dormant) {
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

// Continues reading at `position`, or at an earlier job that became due and was not seen yet.
void Scheduling::start_at(Lane& lane, const queue::LanePosition& position) {
  const bool earlier = lanes.has_time(lane) && lane.wake < position.due;
  active(lane).position = earlier ? queue::LanePosition{lane.wake, {}} : position;
  lane.active->turn.stored = true;
}

void Scheduling::read(Lane& lane, std::size_t limit, const Now& now, Orders& orders) {
  Active& state = *lane.active;
  CHECK(!state.turn.reading);
  state.turn.reading = true;
  state.asked = limit;
  state.meanwhile.reset();
  if (lane.site) lane.site->reading += limit;
  reading += limit;
  const bool stray = is_stray(state.position.due, now);
  orders.read.push_back({lane_named(*lane.key), state.position,
                         stray ? SystemTime::max() - std::chrono::hours(1) : now.schedule, limit});
  if (state.in_line) lane.site->line.update(state.turn);
}

// A lane with jobs in the store is left alone for a few seconds, for reasons of our own.
void Scheduling::pause(Lane& lane, const Disposition& why, const Now& now) {
  leave(lane);
  lane.trouble = std::make_unique<BackOff>(BackOff::kLookUps);
  lane.trouble->failed(why, now.steady, now.steady, now.dice);
  lanes.wake_at(lane, trouble_ends(lane, now));
}

// The jobs of a lane that are in memory wait in the store again.
void Scheduling::unload(Lane& lane, Orders& orders) {
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

}  // namespace signpost::delivery
