// The scheduler's interface for sessions and operators; scheduler.cc has the one for mail.
#include "delivery/scheduler.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <list>
#include <string>
#include <utility>

namespace signpost::delivery {

namespace {

// Until a site looks for a place by itself: it may have been skipped.
constexpr std::chrono::seconds kPlaceWait{30};

}  // namespace

// Sessions ----------------------------------------------------------------------------------------

NextHop Scheduler::hop(const Site& site) const {
  const MutexLock lock(mutex_);
  return site.hop;
}

bool Scheduler::take_place(const SitePtr& site, const net::IpAddress& address, const Now& now) {
  const MutexLock lock(mutex_);
  // Who comes as they wait, waits like them; who was among them may look by himself.
  const bool may_take = site->waits_at == address || std::exchange(site->invited, false) ||
                        !impl_->places.is_wanted(address);
  if (may_take && impl_->places.take(address, site->hop.connections_per_address)) return true;
  site->crowded_until =
      now.steady + std::chrono::duration_cast<SteadyTime::duration>(kPlaceWait * (1 + now.dice));
  impl_->timers.push({site->crowded_until, site});
  if (!site->waits_at) {
    site->waits_at = address;
    impl_->wait_in(impl_->places.waiting(address), site);
  }
  return false;
}

// The site whose turn it is gets it, if it still needs it.
void Scheduler::give_back_place(const net::IpAddress& address, std::size_t worker, const Now& now,
                                Orders& orders) {
  const MutexLock lock(mutex_);
  impl_->places.give_back(address);
  const std::size_t before = orders.open.size();
  while (orders.open.size() == before) {
    const auto turn = impl_->places.next(address);
    if (!turn) return;
    const SitePtr& next = turn->site;
    next->waits_at.reset();
    next->invited = true;
    next->crowded_until = {};
    next->line.go_first(turn->owner);
    if (!next->forgotten) impl_->arrange(next, worker, now, orders);
    if (orders.open.size() == before) next->invited = false;
  }
}

bool Scheduler::take_beside(const SitePtr& site, const SessionRef& session) {
  const MutexLock lock(mutex_);
  Exit& exit = site->exits[session.exit];
  const Allowance& allowance = *exit.allowance;
  const bool none_is_free = exit.connections.full() || allowance.is_full();
  const bool others_wait =
      allowance.any_waits_for_connection() || allowance.has_part(exit.connections.open());
  if (none_is_free || others_wait || site->pause != nullptr) return false;
  impl_->open_connection(*site, exit);
  exit.connections.reserve_beside();
  return true;
}

void Scheduler::give_back_beside(const SitePtr& site, const SessionRef& session, const Now& now,
                                 Orders& orders) {
  const MutexLock lock(mutex_);
  Exit& exit = site->exits[session.exit];
  exit.connections.ended_beside();
  exit.allowance->ended(false);
  if (exit.allowance->is_shared()) {
    impl_->serve_connections(*exit.allowance, session.worker, now, orders);
  }
  impl_->arrange(site, session.worker, now, orders);
}

bool Scheduler::is_away(const Site& site) const {
  const MutexLock lock(mutex_);
  return site.absence.has_value();
}

bool Scheduler::must_make_room(const Site& site, const SessionRef& session,
                               const std::optional<net::IpAddress>& address) const {
  const MutexLock lock(mutex_);
  const Exit& exit = site.exits[session.exit];
  if (site.pause || std::ranges::find(exit.leaving, session) != exit.leaving.end()) return true;
  if (site.reading > 0) return false;  // what it has been opened for is about to come
  // Another connection could do no more than wait for a token, too; see Scheduling::should_leave().
  if (exit.waits_for_token && exit.connections.open() - exit.leaving.size() == 1) return false;
  return (address && impl_->places.is_wanted(*address)) ||
         exit.allowance->any_waits_for_connection();
}

void Scheduler::connection_ready(Site& site, const SessionRef& session, const Now& now,
                                 Orders& orders) {
  const MutexLock lock(mutex_);
  if (!site.waits_at) site.crowded_until = {};
  Exit& exit = site.exits[session.exit];
  exit.connections.ready();
  if (!exit.turns_away) impl_->is_back(site, exit, now, orders);
}

void Scheduler::recalled(PendingJob job, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  if (impl_->in_memory >= impl_->limits.in_memory / 4 * 3) {
    orders.released.push_back(std::move(job));
    return;
  }
  impl_->put_first(std::move(job), now, orders);
}

// Only once: a message that crashes its receiver must not do so each time the receiver returns.
void Scheduler::cut_off(const queue::Job& job) {
  const MutexLock lock(mutex_);
  const Lane* const lane = impl_->lanes.find(job.lane);
  if (lane == nullptr || !lane->site || job.attempts > 0) return;
  impl_->will_be_put_off(*lane->site, job);
}

std::optional<PendingJob> Scheduler::take(const SitePtr& site, const SessionRef& session,
                                          const ConnectionUse& use, const Now& now,
                                          Orders& orders) {
  const MutexLock lock(mutex_);
  Exit& exit = site->exits[session.exit];
  Allowance& allowance = *exit.allowance;
  const bool promised = impl_->redeem_token(exit, session);
  if (std::erase(exit.leaving, session) != 0) allowance.stays();
  if (impl_->should_leave(*site, exit, use)) {
    impl_->no_longer_idle(*site, session);
    impl_->leaves(exit, session, use);
    if (promised) impl_->serve_tokens(allowance, now, orders);
    impl_->arrange(site, session.worker, now, orders);
    return std::nullopt;
  }
  if (site->pause) {
    impl_->is_idle(site, session);
    return std::nullopt;
  }
  if (exit.turns_away && std::ranges::find(exit.probing, session) != exit.probing.end()) {
    impl_->is_back(*site, exit, now, orders);
  }
  std::optional<PendingJob> job;
  if (site->line.jobs() > 0) {
    if (promised ? allowance.has_any(now.steady) : impl_->may_take(site, exit, now)) {
      job = impl_->taken_at_rate(*site, exit, now);
    } else {
      impl_->wait_ready_for_token(site, exit, now);
    }
  }
  if (!job) {
    impl_->is_idle(site, session);
    impl_->read_for(site, now, orders);
    return std::nullopt;
  }
  impl_->no_longer_idle(*site, session);
  if (exit.turns_away) exit.probing.push_back(session);
  impl_->arrange(site, session.worker, now, orders);
  return job;
}

std::optional<PendingJob> Scheduler::take_early(const SitePtr& site, const SessionRef& session,
                                                const ConnectionUse& use, bool quick,
                                                const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  Exit& exit = site->exits[session.exit];
  const auto has_idle = [](const Exit& each) { return !each.idle.empty(); };
  if (site->pause || !site->early || std::ranges::any_of(site->exits, has_idle)) {
    return std::nullopt;
  }
  if (site->line.jobs() <= (quick ? 0 : site->open())) return std::nullopt;
  if (impl_->should_leave(*site, exit, use) || !impl_->may_take(site, exit, now)) {
    return std::nullopt;
  }
  PendingJob job = impl_->taken_at_rate(*site, exit, now);
  impl_->read_for(site, now, orders);
  return job;
}

void Scheduler::forbid_early(Site& site) {
  const MutexLock lock(mutex_);
  site.early = false;
}

void Scheduler::give_back(const SitePtr& site, const SessionRef& session, PendingJob job,
                          const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  site->exits[session.exit].allowance->give_back(std::exchange(job.tokens, 0));
  impl_->put_first(std::move(job), now, orders);
}

void Scheduler::unused(Site& site, const SessionRef& session, std::size_t transactions) {
  const MutexLock lock(mutex_);
  site.exits[session.exit].allowance->give_back(transactions);
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
  const std::vector<SessionRef>& leaving = site.exits[session.exit].leaving;
  return impl_->no_longer_idle(site, session) ||
         std::ranges::find(leaving, session) != leaving.end();
}

void Scheduler::connection_ended(const SitePtr& site, const SessionRef& session, bool was_ready,
                                 const std::optional<Disposition>& failure, SteadyTime began,
                                 const Now& now, Orders& orders, const AttemptFacts& facts,
                                 bool paid) {
  const MutexLock lock(mutex_);
  Exit& exit = site->exits[session.exit];
  exit.connections.ended(session.worker, was_ready);
  impl_->no_longer_idle(*site, session);
  const bool promised = impl_->redeem_token(exit, session);
  impl_->close_connection(*site, exit, session);
  std::erase(exit.probing, session);
  const bool has_hope = site->has_hope_beside(exit);
  // While others carry mail, it was this connection that was unwanted.
  const bool turned_away = failure && paid && exit.connections.connected() == 0;
  if (turned_away) exit.turns_away = true;
  if (failure && (!paid || turned_away)) {
    const bool another = exit.back_off.failed(*failure, began, now.steady, now.dice);
    impl_->timers.push({exit.back_off.not_before(), site});
    if (site->is_failing()) {  // one tries for all
      for (Exit& each : site->exits) each.back_off.fails_with(exit.back_off);
    }
    // Connections that fail together are one attempt. While others carry mail it is not one: the
    // receiver wants no more of them, or not from there. Nor while another source has hope. What
    // one source is refused for good the others may still deliver.
    const bool in_vain = another && site->connected() == 0 && !has_hope;
    const bool for_good = failure->outcome == Outcome::Failed && site->is_refused_beside(exit);
    Disposition why = *failure;
    if (why.outcome == Outcome::Failed && !for_good) why.outcome = Outcome::Delayed;
    AttemptFacts charged = facts;
    if (in_vain && !for_good) charged.known = impl_->note_absence(*site, why, facts, now);
    const bool counts = site->pause == nullptr && !paid && (in_vain || for_good);
    if (counts) impl_->charge(site, why, charged, now, orders);
  }
  const bool is_down = failure && !has_hope;
  if (site->open() == 0 && (is_down || is_crowded(*site, now))) {
    // No other connection contradicts it: the failure is the site's, or there is no place, and its
    // jobs wait where waiting costs nothing.
    impl_->unload_line(*site, now, orders);
  }
  // Those who have waited for the connection or its token come before this site.
  if (exit.allowance->is_shared()) {
    impl_->serve_connections(*exit.allowance, session.worker, now, orders);
    if (promised) impl_->serve_tokens(*exit.allowance, now, orders);
  }
  impl_->arrange(site, session.worker, now, orders);
}

std::optional<Scheduler::Reduced> Scheduler::asked_for_less(const SitePtr& site,
                                                            const SessionRef& session,
                                                            SteadyTime began, const Now& now) {
  const MutexLock lock(mutex_);
  Allowance& allowance = *site->exits[session.exit].allowance;
  if (!allowance.reduce(began, now.steady)) return std::nullopt;
  return Reduced{.site = allowance.is_shared() ? allowance.group() : site->hop.key,
                 .percent = 100 * allowance.share() / Throttle::kWhole,
                 .connections = allowance.connections()};
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
  for (Exit& exit : lane->site->exits) exit.back_off.forgive();
  impl_->arrange(lane->site, 0, now, orders);
}

std::vector<PendingJob> Scheduler::withdraw(const queue::Lane& name,
                                            std::vector<queue::JobRef> wanted) {
  std::ranges::sort(wanted);
  std::vector<PendingJob> withdrawn;
  const MutexLock lock(mutex_);
  Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr || !lane->active) return withdrawn;
  std::list<PendingJob>& jobs = lane->active->turn.jobs;
  for (auto job = jobs.begin(); job != jobs.end();) {
    const auto next = std::next(job);
    if (std::ranges::binary_search(wanted, job->job.ref)) {
      withdrawn.push_back(std::move(*job));
      jobs.erase(job);
    }
    job = next;
  }
  if (withdrawn.empty()) return withdrawn;
  impl_->in_memory -= withdrawn.size();
  if (lane->active->in_line) lane->site->line.update(lane->active->turn);
  impl_->lanes.wake_by(*lane, {});  // tick() forgets it if that was all
  return withdrawn;
}

std::string Scheduler::site_of(const queue::Lane& name) const {
  const MutexLock lock(mutex_);
  const Lane* const lane = impl_->lanes.find(name);
  return lane == nullptr || lane->site == nullptr ? std::string() : lane->site->hop.key;
}

Scheduler::Figures Scheduler::figures() const {
  const MutexLock lock(mutex_);
  return {impl_->lanes.size(), impl_->sites.size(),  impl_->in_memory,
          impl_->failing,      impl_->pauses.size(), impl_->moves};
}

std::vector<std::string> Scheduler::slowed() const {
  const MutexLock lock(mutex_);
  return impl_->slowed;
}

WarmUpCounts::Kept Scheduler::warm_up() {
  const MutexLock lock(mutex_);
  return impl_->warm_ups.kept();
}

bool Scheduler::is_warm_up_unsaved() const {
  const MutexLock lock(mutex_);
  return impl_->warm_ups.unsaved();
}

void Scheduler::set_warm_up_unsaved() {
  const MutexLock lock(mutex_);
  impl_->warm_ups.set_unsaved();
}

void Scheduler::restore_warm_up(const WarmUpCounts::Kept& kept) {
  const MutexLock lock(mutex_);
  impl_->warm_ups.restore(kept);
}

std::size_t Scheduler::most_in_memory() const {
  const MutexLock lock(mutex_);
  return impl_->limits.in_memory;
}

std::vector<std::string> Scheduler::hosts(const std::vector<queue::Lane>& lanes) const {
  std::vector<std::string> found;
  found.reserve(lanes.size());
  const MutexLock lock(mutex_);
  for (const queue::Lane& name : lanes) {
    const Lane* const lane = impl_->lanes.find(name);
    const bool known = lane != nullptr && lane->site && !lane->site->hop.hosts.empty();
    found.push_back(known ? lane->site->hop.hosts.front().name : "");
  }
  return found;
}

}  // namespace signpost::delivery
