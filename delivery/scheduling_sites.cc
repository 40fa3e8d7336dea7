// What the sites do with the lanes in their lines; scheduling.cc has what the lanes do.
#include "base/check.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace signpost::delivery {

namespace {

constexpr std::size_t kSitesRemembered = 10'000;        // with more, none is kept for past trouble
constexpr std::chrono::minutes kTroubleRemembered{10};  // while jobs are put off for it
constexpr std::size_t kPutOffKept = 256;                // jobs of a site that are remembered for it
constexpr std::chrono::seconds kTidyInterval{1};        // between looks for sites to forget
constexpr std::size_t kLeastWanted = 32;  // jobs in a line, while more are in the store
constexpr std::size_t kJobsAConnection = 8;
constexpr std::size_t kMostWoken = 1'000'000;  // sessions at once
constexpr std::size_t kLanesReady = 16;        // lanes with jobs in memory, while others are unread

std::size_t wanted(const Site& site) {
  return std::clamp(kJobsAConnection * site.connections.limit(), kLeastWanted, kMostWanted);
}

bool is_same(const queue::JobRef& one, const queue::JobRef& other) {
  return one.id == other.id && one.number == other.number;  // whatever its revision
}

// A job that was put off because the receiver could not be reached, and that is not due yet. None
// when the receiver itself refused the connection: then it has said that it wants no more.
const PutOff* waits_for_return(const Site& site, const SchedulerNow& now) {
  if (!site.back_off.failing() || site.back_off.why().said_by_receiver()) return nullptr;
  const auto found = std::ranges::find_if(
      site.put_off, [&](const PutOff& each) { return each.due > now.schedule; });
  return found == site.put_off.end() ? nullptr : &*found;
}

// Those that wait for it, for the log: no more than are worth counting. `first`: named before
// the others, unless its domain is "".
std::vector<queue::Lane> waiting_lanes(const Site& site, const queue::Lane& first) {
  constexpr std::size_t kMost = 256;
  std::vector<queue::Lane> lanes;
  std::unordered_set<std::string> seen;
  const auto name = [&](const std::string& key) {
    if (lanes.size() < kMost && seen.insert(key).second) lanes.push_back(lane_named(key));
  };
  if (!first.domain.empty()) name(lane_key(first));
  for (const LaneTurn* const turn : site.line.ready_lanes()) name(*turn->lane->key);
  for (const LaneTurn* const turn : site.line.unread_lanes()) name(*turn->lane->key);
  site.parked.for_some(kMost, [&](const Lane& lane) { name(*lane.key); });
  return lanes;
}

}  // namespace

bool can_take(const Site& site) {
  return site.connections.connected() > 0 ||
         (site.connections.open() > 0 && !site.back_off.failing());
}

void Scheduling::apply_verdict(Lane& lane, Orders& orders) {
  Active& state = *lane.active;
  while (state.verdicts > 0 && !state.turn.jobs.empty()) {
    --state.verdicts;
    --in_memory;
    PendingJob& job = state.turn.jobs.front();
    if (lane.site) will_be_put_off(*lane.site, job.job);
    AttemptFacts facts = state.verdict_facts;
    // Between the attempts of a lane that cannot be looked up nothing else remembers it.
    const bool again = job.job.attempts > 0 && job.job.last_reply == state.verdict->reply;
    facts.known = facts.known || (!lane.site && again);
    orders.settle.push_back({std::move(job), *state.verdict, std::move(facts)});
    state.turn.jobs.pop_front();
  }
}

// Remembered for the end of the trouble: see Site::put_off.
void Scheduling::will_be_put_off(Site& site, const queue::Job& job) {
  std::erase_if(site.put_off, [&](const PutOff& each) { return is_same(each.ref, job.ref); });
  if (site.put_off.size() >= kPutOffKept) site.put_off.erase(site.put_off.begin());
  site.put_off.push_back({job.ref, job.attempts + 1, job.lane.account});
}

bool Scheduling::has_many_sites() const { return sites.size() > kSitesRemembered; }

// It is stored: until it is due it is a reason to probe its receiver.
void Scheduling::is_put_off(const SitePtr& site, const queue::Job& job) {
  const auto found = std::ranges::find_if(site->put_off, [&](const PutOff& each) {
    return is_same(each.ref, job.ref) && each.attempts == job.attempts;
  });
  if (found == site->put_off.end()) return;
  found->due = job.due;
  timers.push({site->back_off.not_before(), site});
}

bool Scheduling::note_absence(Site& site, const Disposition& why, const AttemptFacts& facts,
                              const Now& now) {
  const bool known = site.absence.has_value();
  if (!known) {
    site.absence = {.since = now.steady};
    site.first_failure = {.why = why, .facts = facts, .lane = {}};
    if (const LaneTurn* const first = site.line.first()) {
      site.first_failure->lane = lane_named(*first->lane->key);
    } else if (const Lane* const parked = site.parked.first()) {
      site.first_failure->lane = lane_named(*parked->key);
    }
  }
  site.absence->last = now.steady;
  ++site.absence->attempts;
  return known;
}

// When no lane of the site is being read, which would make it neither ready nor unread.
void Scheduling::tell_absence(Site& site, Orders& orders) {
  if (!site.first_failure || site.reading > 0) return;
  const Site::FirstFailure first = std::move(*site.first_failure);
  site.first_failure.reset();
  orders.away.push_back({site.hop.key, waiting_lanes(site, first.lane), first.why, first.facts});
}

void Scheduling::tell_return(Site& site, const Now& now, Orders& orders) {
  if (site.absence && !site.first_failure) {
    orders.back.push_back(
        {site.hop.key, waiting_lanes(site, {}),
         std::chrono::floor<std::chrono::seconds>(now.steady - site.absence->since),
         site.absence->attempts});
  }
  site.absence.reset();
  site.first_failure.reset();
}

void Scheduling::is_back(Site& site, const Now& now, Orders& orders) {
  tell_return(site, now, orders);
  site.turns_away = false;
  site.probing.clear();
  if (site.back_off.failing()) {
    orders.recall.insert(orders.recall.end(), site.put_off.begin(), site.put_off.end());
  }
  site.put_off.clear();
  site.back_off.succeeded();
}

// A failed connection is an attempt only of the job whose turn it was. Only
// a permanent failure (the domain has no host, or its host takes no mail) is one of its whole lane.
void Scheduling::charge(const SitePtr& site, const Disposition& why, const AttemptFacts& facts,
                        const Now& now, Orders& orders) {
  Lane* lane = nullptr;
  if (auto first = site->line.take()) {
    lane = first->lane->lane;
    will_be_put_off(*site, first->job.job);
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

PendingJob Scheduling::taken(JobLine::Taken taken, const Now& now) {
  --in_memory;
  drained(*taken.lane->lane, now);
  return std::move(taken.job);
}

PendingJob Scheduling::taken_at_rate(Site& site, const Now& now) {
  PendingJob job = taken(std::move(*site.line.take()), now);
  site.allowance->take(now.steady, transactions_of(job.job, site.hop));
  return job;
}

void Scheduling::arrange(const SitePtr& site, std::size_t worker, const Now& now, Orders& orders) {
  tell_absence(*site, orders);
  if (stopped || site->pause || site->waits_for_token) return;
  // A connection without a token would be useless.
  Allowance& allowance = *site->allowance;
  const std::size_t free = allowance.available(now.steady);
  const std::size_t jobs =
      std::min(site->line.jobs(), site->woken.size() + std::min(free, kMostWoken));
  if (jobs == 0 && site->line.jobs() > 0) {
    wait_for_token(site, now);
    return;
  }
  while (!site->idle.empty() && site->woken.size() < jobs) {
    const auto same = std::ranges::find(site->idle, worker, &SessionRef::worker);
    const SessionRef chosen = same == site->idle.end() ? site->idle.back() : *same;
    no_longer_idle(*site, chosen);
    promise_token(*site, chosen);
    orders.wake.push_back({site, chosen});
  }
  if (site->line.unread() == 0) unpark(site, 1, now, orders);
  ConnectionBudget& connections = site->connections;
  // One opening connection for each waiting job is enough; after a failure, one in all.
  std::size_t demand = jobs - std::min(jobs, site->woken.size());
  if (connections.open() == 0 && site->line.unread() > 0) ++demand;
  if (site->back_off.failing()) demand = std::min<std::size_t>(demand, 1);
  // When nothing else would find out whether the receiver is back, a connection without a job does.
  const PutOff* const absent =
      demand == 0 && connections.open() == 0 && !site->forgotten && !has_many_sites()
          ? waits_for_return(*site, now)
          : nullptr;
  if (absent != nullptr) demand = 1;
  const bool may_open = site->back_off.may_try(now.steady) && !is_crowded(*site, now);
  const LaneTurn* const first = site->line.first();
  while (may_open && !connections.full() && connections.connecting() < demand) {
    if (allowance.is_full() || allowance.has_part(connections.open())) {
      wait_for_connection(site, orders);
      break;
    }
    open_connection(*site);
    orders.open.push_back(
        {site, connections.reserve(worker),
         first == nullptr ? absent->account : lane_named(*first->lane->key).account});
  }
  read_for(site, now, orders);
}

void Scheduling::read_for(const SitePtr& site, const Now& now, Orders& orders) {
  if (site->pause || !can_take(*site)) return;
  if (site->line.unread() < kUnread / 2) unpark(site, kUnread / 2, now, orders);
  while (site->line.unread() > 0) {
    const std::size_t have = site->line.jobs() + site->reading;
    const std::size_t want = std::max(wanted(*site), have);
    // The jobs in memory may all belong to a few lanes: they must not hold up the others.
    if (have == want && (site->line.ready() >= kLanesReady || site->reading > 0)) return;
    // Half of the room is for mail that is being accepted, and the last quarter for those who are
    // left with nothing, a few jobs each.
    const bool crowded = in_memory + reading >= limits.in_memory / 2;
    const bool in_need = have == 0 || have == want || site->line.has_urgent_unread();
    if (crowded && (!in_need || in_memory + reading >= limits.in_memory)) {
      if (!std::exchange(site->hungry, true)) hungry.push_back(site);
      return;
    }
    const std::size_t share = crowded ? 0 : (want - have) / site->line.unread();
    Lane& lane = *site->line.next_unread()->lane;
    read(lane, std::max(share, JobLine::kFew), now, orders);
    // For it the next parked one: that may be more urgent than all that the line has.
    if (site->line.unread() < kUnreadOfAll) unpark(site, 1, now, orders);
  }
}

// A silent connection takes minutes to fail. Meanwhile jobs wait in the line for it, and
// they age there as they would in the store.
void Scheduling::look_for_overdue(Site& site, const Now& now, Orders& orders) {
  const LaneTurn* const first = site.line.any_ready();
  if (first == nullptr || now.steady < site.next_look ||
      now.schedule < first->jobs.front().job.due + overdue_interval) {
    return;
  }
  site.next_look = now.steady + overdue_interval;
  for (const LaneTurn* const turn : site.line.ready_lanes()) {
    const Lane& lane = *turn->lane;
    orders.overdue.push_back({lane_named(*lane.key), now.schedule, why_waiting(lane)});
  }
}

void Scheduling::tidy(const Now& now, Orders& orders) {
  if (now.steady < next_tidy) return;
  next_tidy = now.steady + kTidyInterval;
  end_pauses(now, orders);
  failing = 0;
  for (const auto& [key, site] : sites) {
    look_for_overdue(*site, now, orders);
    if (site->back_off.failing()) ++failing;
  }
  restore_allowances(now, orders);
  find_slowed();
  const bool many = has_many_sites();
  std::erase_if(sites, [&](const auto& entry) {
    Site& site = *entry.second;
    const bool unused = site.line.empty() && site.parked.empty() && site.stale.empty() &&
                        site.connections.open() == 0 && site.reading == 0 &&
                        site.back_off.may_try(now.steady) &&
                        // Else it would start again too early.
                        (site.allowance->is_shared() || site.allowance->is_unused(now.steady)) &&
                        (many || site.put_off.empty() ||
                         now.steady >= site.back_off.not_before() + kTroubleRemembered);
    if (!unused) return false;
    site.forgotten = true;
    if (site.absence) absences.insert(entry.first, *site.absence);
    return true;
  });
  std::erase_if(groups, [&](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->is_unused(now.steady);
  });
}

// Its sender may read this: it does not name the operator or the reason.
Disposition Scheduling::why_waiting(const Lane& lane) const {
  if (lane.site && lane.site->pause) {
    return local(Outcome::Delayed, {4, 3, 2}, "delivery to the receiver is paused by the operator");
  }
  if (lane.trouble) return lane.trouble->why();
  if (lane.site && lane.site->back_off.failing()) return lane.site->back_off.why();
  if (lane.site && lane.site->connections.connected() == 0 &&
      lane.site->connections.connecting() > 0) {
    return local(Outcome::Delayed, {4, 4, 1},
                 "waiting for a connection: the receiver does not answer");
  }
  if (lane.site && lane.site->allowance->is_reduced()) {
    return local(Outcome::Delayed, {4, 4, 5}, "waiting: the receiver has asked for less mail");
  }
  return local(Outcome::Delayed, {4, 4, 5},
               "waiting for a connection: the receiver's limits are reached");
}

SystemTime Scheduling::trouble_ends(const Lane& lane, const Now& now) const {
  return now.schedule + std::chrono::duration_cast<std::chrono::microseconds>(
                            lane.trouble->not_before() - now.steady);
}

}  // namespace signpost::delivery
