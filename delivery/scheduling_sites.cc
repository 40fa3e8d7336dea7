// What the sites do with the lanes in their lines; scheduling.cc has what the lanes do.
#include "base/check.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <tuple>
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
constexpr std::chrono::seconds kSilent{5};  // a connection that is not ready by then may never be
constexpr std::size_t kLanesReady = 16;     // lanes with jobs in memory, while others are unread

std::size_t wanted(const Site& site) {
  return std::clamp(kJobsAConnection * site.connection_limit(), kLeastWanted, kMostWanted);
}

bool is_same(const queue::JobRef& one, const queue::JobRef& other) {
  return one.id == other.id && one.number == other.number;  // whatever its revision
}

// A job that was put off because the receiver could not be reached, and that is not due yet. None
// when the receiver itself refused the connection: then it has said that it wants no more.
const PutOff* waits_for_return(const Site& site, const SchedulerNow& now) {
  if (!site.is_failing() || site.trouble().why().said_by_receiver()) return nullptr;
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
  return site.connected() > 0 || (site.open() > 0 && !site.is_failing());
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
  timers.push({site->next_try(), site});
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

void Scheduling::is_back(Site& site, Exit& exit, const Now& now, Orders& orders) {
  tell_return(site, now, orders);
  exit.turns_away = false;
  exit.probing.clear();
  const auto backs_off = [](const Exit& each) { return each.back_off.failing(); };
  if (std::ranges::any_of(site.exits, backs_off)) {
    orders.recall.insert(orders.recall.end(), site.put_off.begin(), site.put_off.end());
  }
  site.put_off.clear();
  exit.back_off.succeeded();
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

PendingJob Scheduling::taken_at_rate(Site& site, Exit& exit, const Now& now) {
  PendingJob job = taken(std::move(*site.line.take()), now);
  job.tokens = transactions_of(job.job, site.hop);
  exit.allowance->take(now.steady, job.tokens);
  if (exit.allowance->daily()) warm_ups.changed();
  return job;
}

// Gives a token to as many idle sessions of its exits as there are jobs, of new sources or of the
// others. `left`: jobs for which nobody has one; returns how many are left and may go now, since
// there is a token for each.
std::size_t Scheduling::wake_idle(const SitePtr& site, bool are_new, std::size_t left,
                                  std::size_t worker, const Now& now, Orders& orders) {
  std::size_t tokens = 0;
  for (Exit& exit : site->exits) {
    if (exit.waits_for_token || exit.allowance->is_new() != are_new) continue;
    std::size_t free = std::min(exit.allowance->available(now.steady), kMostWoken);
    for (; left > 0 && free > 0 && !exit.idle.empty(); --left, --free) {
      const auto same = std::ranges::find(exit.idle, worker, &SessionRef::worker);
      const SessionRef chosen = same == exit.idle.end() ? exit.idle.back() : *same;
      no_longer_idle(*site, chosen);
      promise_token(exit, chosen);
      orders.wake.push_back({site, chosen});
    }
    tokens += free;
  }
  return std::min(left, tokens);
}

// `looks`: a connection is wanted for mail that is not read yet, or to find out whether the
// receiver is back.
bool Scheduling::wants_connection(const Exit& exit, bool looks, const Now& now) const {
  const ConnectionBudget& connections = exit.connections;
  if (exit.waits_for_token || connections.full() || !exit.back_off.may_try(now.steady))
    return false;
  // Whether mail is still turned away one connection finds out, which may be open and have a job.
  if (exit.turns_away && connections.open() > 0) return false;
  // A connection without a token would be useless.
  std::size_t most = std::min(exit.allowance->available(now.steady), kMostWoken);
  if (looks && !exit.is_spent()) ++most;
  if (exit.back_off.failing()) most = std::min<std::size_t>(most, 1);
  return connections.connecting() < most;
}

// The one that opens the site's next connection: a new source, else that with the fewest, of these
// the one whose turn was longest ago. While all fail they take turns. Null: none may now.
Exit* Scheduling::exit_to_open(Site& site, bool looks, const Now& now) const {
  const bool fails = site.is_failing();
  const auto order = [&](const Exit& exit) {
    return fails ? std::tuple(false, std::size_t{0}, exit.opened)
                 : std::tuple(!exit.allowance->is_new(), exit.connections.open(), exit.opened);
  };
  Exit* chosen = nullptr;
  for (Exit& exit : site.exits) {
    if (!wants_connection(exit, looks, now)) continue;
    if (exit.allowance->is_full() || exit.allowance->has_part(exit.connections.open())) continue;
    if (chosen == nullptr || order(exit) < order(*chosen)) chosen = &exit;
  }
  return chosen;
}

void Scheduling::open_at(const SitePtr& site, Exit& exit, std::string account, std::size_t worker,
                         const Now& now, Orders& orders) {
  open_connection(*site, exit);
  exit.opened = now.steady;
  if (site->exits.size() > 1) timers.push({now.steady + kSilent, site});
  const auto number = static_cast<std::size_t>(&exit - site->exits.data());
  orders.open.push_back({site, exit.connections.reserve(worker), number, std::move(account)});
}

// Sources in their warm-up take what they may before others do. Returns how many jobs are left.
std::size_t Scheduling::begin_at_new(const SitePtr& site, std::size_t left, std::size_t worker,
                                     const Now& now, Orders& orders) {
  const auto is_new = [](const Exit& exit) { return exit.allowance->is_new(); };
  if (left == 0 || std::ranges::none_of(site->exits, is_new) || site->is_failing()) return left;
  const std::size_t woken = orders.wake.size();
  std::size_t may_go = wake_idle(site, true, left, worker, now, orders);
  left -= std::min(left, orders.wake.size() - woken);
  const std::string account = lane_named(*site->line.first()->lane->key).account;
  for (Exit& exit : site->exits) {
    if (!is_new(exit)) continue;
    Allowance& allowance = *exit.allowance;
    while (may_go > exit.connections.connecting() && !is_crowded(*site, now) &&
           wants_connection(exit, false, now) && !allowance.is_full() &&
           !allowance.has_part(exit.connections.open())) {
      open_at(site, exit, account, worker, now, orders);
    }
    if (may_go > exit.connections.connecting() && wants_connection(exit, false, now)) {
      wait_for_connection(site, exit, orders);
    }
    if (exit.back_off.failing()) continue;  // it may not get one: others need not wait for that
    const std::size_t taken = std::min(may_go, exit.connections.connecting());
    may_go -= taken;
    left -= taken;
  }
  return left;
}

void Scheduling::arrange(const SitePtr& site, std::size_t worker, const Now& now, Orders& orders) {
  tell_absence(*site, orders);
  if (stopped || site->pause || std::ranges::all_of(site->exits, &Exit::waits_for_token)) return;
  std::size_t left = site->line.jobs();
  for (const Exit& exit : site->exits) left -= std::min(left, exit.woken.size());
  left = begin_at_new(site, left, worker, now, orders);
  const std::size_t woken = orders.wake.size();
  // One opening connection for each waiting job is enough.
  std::size_t demand = wake_idle(site, false, left, worker, now, orders);
  left -= std::min(left, orders.wake.size() - woken);
  for (Exit& exit : site->exits) {
    if (left <= demand) break;
    const bool has_none = exit.woken.empty() && exit.allowance->available(now.steady) == 0;
    if (has_none && !exit.waits_for_token) wait_for_token(site, exit, now);
  }
  if (std::ranges::all_of(site->exits, &Exit::waits_for_token)) return;
  if (site->line.unread() == 0) unpark(site, 1, now, orders);
  bool looks = site->open() == 0 && site->line.unread() > 0;
  if (looks) ++demand;
  // When nothing else would find out whether the receiver is back, a connection without a job does.
  const PutOff* const absent =
      demand == 0 && site->open() == 0 && !site->forgotten && !has_many_sites()
          ? waits_for_return(*site, now)
          : nullptr;
  if (absent != nullptr) {
    demand = 1;
    looks = true;
  }
  for (const Exit& exit : site->exits) {
    // While another source could be welcome, nothing waits for one that may not be.
    const bool in_doubt =
        site->exits.size() > 1 && (exit.back_off.failing() || now.steady - exit.opened >= kSilent);
    if (exit.allowance->is_new() || in_doubt) continue;
    demand -= std::min(demand, exit.connections.connecting());
  }
  if (site->is_failing()) demand = std::min<std::size_t>(demand, site->connecting() == 0 ? 1 : 0);
  if (site->invited) demand = std::min<std::size_t>(demand, 1);
  const LaneTurn* const first = site->line.first();
  for (; demand > 0 && !is_crowded(*site, now); --demand) {
    Exit* const exit = exit_to_open(*site, looks, now);
    if (exit == nullptr) {
      for (Exit& each : site->exits) {
        if (wants_connection(each, looks, now)) wait_for_connection(site, each, orders);
      }
      break;
    }
    open_at(site, *exit, first == nullptr ? absent->account : lane_named(*first->lane->key).account,
            worker, now, orders);
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
    if (site->is_failing()) ++failing;
  }
  restore_allowances(now, orders);
  find_slowed();
  const bool many = has_many_sites();
  const auto forgettable = [&](const Exit& exit) {
    return exit.allowance->is_shared() || exit.allowance->is_unused(now.steady);
  };
  std::erase_if(sites, [&](const auto& entry) {
    Site& site = *entry.second;
    const bool unused =
        site.line.empty() && site.parked.empty() && site.stale.empty() && site.open() == 0 &&
        site.reading == 0 && site.is_at_rest(now.steady) &&
        // Else it would start again too early.
        std::ranges::all_of(site.exits, forgettable) &&
        (many || site.put_off.empty() || now.steady >= site.next_try() + kTroubleRemembered);
    if (!unused) return false;
    site.forgotten = true;
    if (site.absence) absences.insert(entry.first, *site.absence);
    for (Exit& exit : site.exits) {
      exit.waits_for_token = false;
      exit.allowance->for_tokens.remove(site);
      exit.allowance->waits_no_longer(site);
    }
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
  if (lane.site && lane.site->is_failing()) return lane.site->trouble().why();
  if (lane.site && lane.site->connected() == 0 && lane.site->connecting() > 0) {
    return local(Outcome::Delayed, {4, 4, 1},
                 "waiting for a connection: the receiver does not answer");
  }
  const auto is_reduced = [](const Exit& exit) { return exit.allowance->is_reduced(); };
  if (lane.site && std::ranges::any_of(lane.site->exits, is_reduced)) {
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
