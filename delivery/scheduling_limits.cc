// How sites share what their receivers allow; allowance.h has what that is.
#include "base/check.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_set>
#include <utility>

namespace signpost::delivery {

Scheduling::~Scheduling() {
  for (const auto& [key, site] : sites) {
    for (const Exit& exit : site->exits) {
      exit.allowance->starving.clear();
      exit.allowance->for_more.clear();
      exit.allowance->for_tokens.clear();
      exit.allowance->with_idle.clear();
    }
  }
}

// The group's, if the hop is in one, else a new one.
std::shared_ptr<Allowance> Scheduling::allowance_for(const NextHop& hop, std::size_t exit,
                                                     const Now& now) {
  std::string name = hop.group;
  if (const std::string& source = hop.sources[exit].name; !source.empty()) {
    if (name.empty()) name = without_sources(hop.key);  // other pools may have it as well
    name.append(" from ").append(source);
  }
  std::shared_ptr<Allowance> made;
  std::shared_ptr<Allowance>& slot = name.empty() ? made : groups[name];
  if (!slot) slot = std::make_shared<Allowance>(std::move(name));
  slot->set(hop.connections, hop.rate, now.steady);
  return slot;
}

// What a source in its warm-up may send to the site's receiver today.
void Scheduling::set_daily(const Site& site, std::size_t exit, const Now& now) {
  const Source& source = site.hop.sources[exit];
  Allowance& allowance = *site.exits[exit].allowance;
  const auto most = source.warm_up ? source.warm_up->limit(warm_ups.day()) : std::nullopt;
  if (!most) {
    allowance.set_daily({});
    return;
  }
  constexpr std::size_t kLongest = 200;  // of a receiver; many hosts make it long
  std::string name(receiver_of(site.hop).substr(0, kLongest));
  name.append(" from ").append(source.name);
  const auto left = warm_ups.day() + std::chrono::days(1) - now.schedule;
  allowance.set_daily(
      {{.sent = warm_ups.of(name),
        .most = *most,
        .ends = now.steady + std::chrono::duration_cast<SteadyTime::duration>(left)}});
}

// What may be sent each day (00:00 to 24:00 UTC) may be sent again.
void Scheduling::begin_day(const Now& now) {
  const auto today = std::chrono::floor<std::chrono::days>(now.schedule);
  if (warm_ups.day() == today) return;
  warm_ups.begin(today);
  for (const auto& [key, site] : sites) {
    for (std::size_t i = 0; i < site->exits.size(); ++i) {
      if (!site->hop.sources[i].warm_up) continue;
      set_daily(*site, i, now);
      site->exits[i].allowance->next_token.reset();
      timers.push({now.steady, site});
    }
  }
}

// The configuration has put the site into another group.
void Scheduling::move_to(const SitePtr& site, Exit& exit, std::shared_ptr<Allowance> allowance,
                         const Now& now) {
  Allowance& former = *exit.allowance;
  const std::size_t open = exit.connections.open();
  for (std::size_t i = 0; i < open; ++i) {
    former.ended(i < exit.leaving.size());
    allowance->opened();
  }
  if (open > 0) {
    former.site_ended(*site);
    allowance->site_opened(*site);
  }
  former.waits_no_longer(*site);
  exit.leaving.clear();
  for (std::size_t i = 0; i < exit.woken.size(); ++i) {
    former.redeem();
    allowance->promise();
  }
  former.with_idle.erase(site.get());
  if (!exit.idle.empty()) allowance->with_idle.emplace(site.get(), site);
  former.for_tokens.remove(*site);
  exit.waits_for_token = false;
  // The timer for the next token may have been this site's; and it leaves room for a connection.
  former.next_token.reset();
  for (const SiteTurns* waiting : {&former.for_tokens, &former.starving, &former.for_more}) {
    if (!waiting->empty()) timers.push({now.steady, waiting->first()});
  }
  exit.allowance = std::move(allowance);
}

// Sessions without a job --------------------------------------------------------------------------

void Scheduling::is_idle(const SitePtr& site, const SessionRef& session) {
  Exit& exit = site->exits[session.exit];
  if (std::ranges::find(exit.idle, session) != exit.idle.end()) return;
  exit.idle.push_back(session);
  if (exit.allowance->is_shared()) exit.allowance->with_idle.emplace(site.get(), site);
}

bool Scheduling::no_longer_idle(Site& site, const SessionRef& session) {
  Exit& exit = site.exits[session.exit];
  const auto found = std::ranges::find(exit.idle, session);
  if (found == exit.idle.end()) return false;
  *found = exit.idle.back();
  exit.idle.pop_back();
  if (exit.idle.empty()) exit.allowance->with_idle.erase(&site);
  return true;
}

// Turns -------------------------------------------------------------------------------------------

// The site waits with all the mail that it has.
void Scheduling::wait_in(SiteTurns& turns, const SitePtr& site, bool ready) {
  for (const LaneShare& mail : site->line.owners(SiteTurns::kMostOwners)) {
    turns.add(site, mail, ready);
  }
  if (const Lane* const lane = site->parked.first()) {
    turns.add(site, shares(lane_named(*lane->key)));
  }
  if (!turns.contains(*site)) turns.add(site, {});  // it looks whether its receiver is back
}

// New mail may go before that with which its site waits.
void Scheduling::waits_too(const Lane& lane) {
  const SitePtr& site = lane.site;
  std::optional<LaneShare> mail;
  const auto add = [&](SiteTurns& turns) {
    if (!turns.contains(*site)) return;
    if (!mail) mail = shares(lane_named(*lane.key));
    turns.add(site, *mail);
  };
  for (const Exit& exit : site->exits) {
    if (!exit.allowance->is_shared()) continue;
    add(exit.allowance->starving);
    add(exit.allowance->for_more);
    add(exit.allowance->for_tokens);
  }
  if (site->waits_at) add(places.waiting(*site->waits_at));
}

// Tokens ------------------------------------------------------------------------------------------

void Scheduling::promise_token(Exit& exit, const SessionRef& session) {
  exit.woken.push_back(session);
  exit.allowance->promise();
}

bool Scheduling::redeem_token(Exit& exit, const SessionRef& session) {
  if (std::erase(exit.woken, session) == 0) return false;
  exit.allowance->redeem();
  return true;
}

// A token that nobody has been promised and nobody has waited for longer.
bool Scheduling::may_take(const SitePtr& site, const Exit& exit, const Now& now) const {
  Allowance& allowance = *exit.allowance;
  if (!allowance.for_tokens.empty() && allowance.for_tokens.first() != site) return false;
  return allowance.available(now.steady) > 0;
}

void Scheduling::wait_for_token(const SitePtr& site, Exit& exit, const Now& now) {
  Allowance& allowance = *exit.allowance;
  if (!std::exchange(exit.waits_for_token, true)) {
    if (allowance.is_shared()) {
      wait_in(allowance.for_tokens, site);
    } else {
      allowance.for_tokens.add(site, {});
    }
  }
  if (allowance.next_token) return;
  allowance.next_token = allowance.next(now.steady);
  timers.push({*allowance.next_token, site});
}

// The same for a session that would use it at once: one who must still connect first may let a
// token pass to others, again and again.
void Scheduling::wait_ready_for_token(const SitePtr& site, Exit& exit, const Now& now) {
  if (exit.allowance->is_shared()) wait_in(exit.allowance->for_tokens, site, true);
  wait_for_token(site, exit, now);
}

// Each of those who wait is asked at most once, in the order of their turns.
void Scheduling::serve_tokens(Allowance& allowance, const Now& now, Orders& orders) {
  if (allowance.next_token && now.steady >= *allowance.next_token) allowance.next_token.reset();
  for (std::size_t left = allowance.for_tokens.size();
       left > 0 && allowance.available(now.steady) > 0; --left) {
    const SiteTurns::Turn turn = allowance.for_tokens.take().value();
    turn.site->exit_with(allowance)->waits_for_token = false;
    if (allowance.is_shared()) turn.site->line.go_first(turn.owner);
    const std::size_t before = allowance.available(now.steady);
    if (!turn.site->forgotten) arrange(turn.site, 0, now, orders);
    if (allowance.available(now.steady) == before) allowance.for_tokens.give_back_turn(turn.owner);
  }
  if (allowance.for_tokens.empty()) return;
  const SitePtr first = allowance.for_tokens.first();
  wait_for_token(first, *first->exit_with(allowance), now);
}

// Connections -------------------------------------------------------------------------------------

// Before ConnectionBudget::reserve().
void Scheduling::open_connection(const Site& site, Exit& exit) {
  if (exit.connections.open() == 0) exit.allowance->site_opened(site);
  exit.allowance->opened();
}

// After ConnectionBudget::ended().
void Scheduling::close_connection(const Site& site, Exit& exit, const SessionRef& session) {
  if (exit.connections.open() == 0) exit.allowance->site_ended(site);
  exit.allowance->ended(std::erase(exit.leaving, session) != 0);
}

// Whether a session must close its connection: there are more than may be, or others need it more.
bool Scheduling::should_leave(const Site& site, const Exit& exit, const ConnectionUse& use) const {
  const Allowance& allowance = *exit.allowance;
  if (allowance.is_exceeded() ||
      allowance.exceeds_part(exit.connections.open() - exit.leaving.size())) {
    return true;
  }
  if (site.line.first() == nullptr) return false;
  if (allowance.starving.empty() && !(use.address && places.is_wanted(*use.address))) return false;
  const LaneShare next = site.line.first_share();
  return allowance.must_yield(use.messages, next) ||
         (use.address && places.must_yield(*use.address, site, use.messages, next));
}

void Scheduling::leaves(Exit& exit, const SessionRef& session, const ConnectionUse& use) {
  exit.leaving.push_back(session);
  exit.allowance->leaves();
  if (use.address && places.is_wanted(*use.address)) places.leaves(*use.address);
}

// A site whose connections are its own is asked again when one of them ends.
void Scheduling::wait_for_connection(const SitePtr& site, Exit& exit, Orders& orders) {
  Allowance& allowance = *exit.allowance;
  if (!allowance.is_shared() || allowance.waits_for_connection(*site)) return;
  wait_in(exit.connections.open() == 0 ? allowance.starving : allowance.for_more, site);
  const auto other = std::ranges::find_if(
      allowance.with_idle, [&](const auto& each) { return each.first != site.get(); });
  if (other == allowance.with_idle.end()) return;
  // It finds no job, and that it must make room.
  const SitePtr idle = other->second;
  const SessionRef session = idle->exit_with(allowance)->idle.back();
  no_longer_idle(*idle, session);
  orders.wake.push_back({idle, session});
}

void Scheduling::serve_connections(Allowance& allowance, std::size_t worker, const Now& now,
                                   Orders& orders) {
  for (SiteTurns* const waiting : {&allowance.starving, &allowance.for_more}) {
    for (std::size_t left = waiting->size(); left > 0 && !allowance.is_full(); --left) {
      const auto turn = waiting->take();
      if (!turn) break;
      turn->site->line.go_first(turn->owner);
      if (!turn->site->forgotten) arrange(turn->site, worker, now, orders);
    }
  }
}

// What receivers have asked for less of comes back with time.
void Scheduling::restore_allowances(const Now& now, Orders& orders) {
  for (const auto& [name, group] : groups) {
    if (group->restore(now.steady)) {
      serve_connections(*group, 0, now, orders);
      serve_tokens(*group, now, orders);
    }
  }
  for (const auto& [key, site] : sites) {
    for (const Exit& exit : site->exits) {
      Allowance& own = *exit.allowance;
      if (own.is_shared() || !own.is_reduced() || !own.restore(now.steady)) continue;
      serve_tokens(own, now, orders);
      arrange(site, 0, now, orders);
    }
  }
}

void Scheduling::find_slowed() {
  slowed.clear();
  std::unordered_set<const Allowance*> seen;
  for (const auto& [key, site] : sites) {
    for (const Exit& exit : site->exits) {
      const Allowance& allowance = *exit.allowance;
      if (!allowance.is_reduced() || !seen.insert(&allowance).second) continue;
      slowed.push_back(site->hop.hosts.empty() ? "" : site->hop.hosts.front().name);
    }
  }
}

}  // namespace signpost::delivery
