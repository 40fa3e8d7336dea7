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
      exit.allowance->for_connections.clear();
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

// The configuration has put the site into another group. It may stay in the queues of the former
// one, which skip it.
void Scheduling::move_to(const SitePtr& site, Exit& exit, std::shared_ptr<Allowance> allowance,
                         const Now& now) {
  Allowance& former = *exit.allowance;
  const std::size_t open = exit.connections.open();
  for (std::size_t i = 0; i < open; ++i) {
    former.ended(i < exit.leaving.size());
    allowance->opened();
  }
  if (open > 0) {
    former.site_ended(exit.waits_for_connection);
    allowance->site_opened(false);
  }
  if (exit.waits_for_connection) former.starves_no_more();
  exit.leaving.clear();
  for (std::size_t i = 0; i < exit.woken.size(); ++i) {
    former.redeem();
    allowance->promise();
  }
  former.with_idle.erase(site.get());
  if (!exit.idle.empty()) allowance->with_idle.emplace(site.get(), site);
  std::erase(former.for_connections, site);
  std::erase(former.for_tokens, site);
  exit.waits_for_connection = exit.waits_for_token = false;
  // The timer for the next token may have been this site's; and it leaves room for a connection.
  former.next_token.reset();
  if (!former.for_tokens.empty()) timers.push({now.steady, former.for_tokens.front()});
  if (!former.for_connections.empty()) timers.push({now.steady, former.for_connections.front()});
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
  if (!allowance.for_tokens.empty() && allowance.for_tokens.front() != site) return false;
  return allowance.available(now.steady) > 0;
}

void Scheduling::wait_for_token(const SitePtr& site, Exit& exit, const Now& now) {
  Allowance& allowance = *exit.allowance;
  if (!std::exchange(exit.waits_for_token, true)) allowance.for_tokens.push_back(site);
  if (allowance.next_token) return;
  allowance.next_token = allowance.next(now.steady);
  timers.push({*allowance.next_token, site});
}

// Each of those who wait is asked at most once, those who have waited longest first.
void Scheduling::serve_tokens(Allowance& allowance, const Now& now, Orders& orders) {
  if (allowance.next_token && now.steady >= *allowance.next_token) allowance.next_token.reset();
  for (std::size_t left = allowance.for_tokens.size();
       left > 0 && allowance.available(now.steady) > 0; --left) {
    const SitePtr site = std::move(allowance.for_tokens.front());
    allowance.for_tokens.pop_front();
    site->exit_with(allowance)->waits_for_token = false;
    if (!site->forgotten) arrange(site, 0, now, orders);
  }
  if (allowance.for_tokens.empty()) return;
  const SitePtr first = allowance.for_tokens.front();
  wait_for_token(first, *first->exit_with(allowance), now);
}

// Connections -------------------------------------------------------------------------------------

// Before ConnectionBudget::reserve().
void Scheduling::open_connection(Exit& exit) {
  if (exit.connections.open() == 0) exit.allowance->site_opened(exit.waits_for_connection);
  exit.allowance->opened();
}

// After ConnectionBudget::ended().
void Scheduling::close_connection(Exit& exit, const SessionRef& session) {
  if (exit.connections.open() == 0) exit.allowance->site_ended(exit.waits_for_connection);
  exit.allowance->ended(std::erase(exit.leaving, session) != 0);
}

bool Scheduling::should_leave(const Exit& exit) const {
  return exit.allowance->is_exceeded() ||
         exit.allowance->exceeds_part(exit.connections.open() - exit.leaving.size());
}

// A site whose connections are its own is asked again when one of them ends.
void Scheduling::wait_for_connection(const SitePtr& site, Exit& exit, Orders& orders) {
  Allowance& allowance = *exit.allowance;
  if (!allowance.is_shared() || std::exchange(exit.waits_for_connection, true)) return;
  allowance.for_connections.push_back(site);
  if (exit.connections.open() == 0) allowance.starves();
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
  for (std::size_t left = allowance.for_connections.size(); left > 0 && !allowance.is_full();
       --left) {
    const SitePtr site = std::move(allowance.for_connections.front());
    allowance.for_connections.pop_front();
    Exit& exit = *site->exit_with(allowance);
    exit.waits_for_connection = false;
    if (exit.connections.open() == 0) allowance.starves_no_more();
    if (!site->forgotten) arrange(site, worker, now, orders);
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
