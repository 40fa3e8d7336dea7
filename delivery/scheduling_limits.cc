// How sites share what their receivers allow; allowance.h has what that is.
#include "base/check.h"
#include "delivery/scheduling.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace signpost::delivery {

Scheduling::~Scheduling() {
  for (const auto& [key, site] : sites) {
    Allowance& allowance = *site->allowance;
    allowance.for_connections.clear();
    allowance.for_tokens.clear();
    allowance.with_idle.clear();
  }
}

// The group's, if the hop is in one, else a new one.
std::shared_ptr<Allowance> Scheduling::allowance_for(const NextHop& hop, const Now& now) {
  std::shared_ptr<Allowance> made;
  std::shared_ptr<Allowance>& slot = hop.group.empty() ? made : groups[hop.group];
  if (!slot) slot = std::make_shared<Allowance>(hop.group);
  slot->set(hop.connections, hop.rate, now.steady);
  return slot;
}

// The configuration has put the site into another group. It may stay in the queues of the former
// one, which skip it.
void Scheduling::move_to(const SitePtr& site, std::shared_ptr<Allowance> allowance) {
  Allowance& former = *site->allowance;
  for (std::size_t i = 0; i < site->connections.open(); ++i) {
    former.ended(i < site->leaving.size());
    allowance->opened();
  }
  if (site->connections.open() > 0) {
    former.site_ended(site->waits_for_connection);
    allowance->site_opened(false);
  }
  if (site->waits_for_connection) former.starves_no_more();
  site->leaving.clear();
  for (std::size_t i = 0; i < site->woken.size(); ++i) {
    former.redeem();
    allowance->promise();
  }
  former.with_idle.erase(site.get());
  if (!site->idle.empty()) allowance->with_idle.emplace(site.get(), site);
  std::erase(former.for_connections, site);
  std::erase(former.for_tokens, site);
  site->waits_for_connection = site->waits_for_token = false;
  site->allowance = std::move(allowance);
}

// Sessions without a job --------------------------------------------------------------------------

void Scheduling::is_idle(const SitePtr& site, const SessionRef& session) {
  if (std::ranges::find(site->idle, session) != site->idle.end()) return;
  site->idle.push_back(session);
  if (site->allowance->is_shared()) site->allowance->with_idle.emplace(site.get(), site);
}

bool Scheduling::no_longer_idle(Site& site, const SessionRef& session) {
  const auto found = std::ranges::find(site.idle, session);
  if (found == site.idle.end()) return false;
  *found = site.idle.back();
  site.idle.pop_back();
  if (site.idle.empty()) site.allowance->with_idle.erase(&site);
  return true;
}

// Tokens ------------------------------------------------------------------------------------------

void Scheduling::promise_token(Site& site, const SessionRef& session) {
  site.woken.push_back(session);
  site.allowance->promise();
}

bool Scheduling::redeem_token(Site& site, const SessionRef& session) {
  if (std::erase(site.woken, session) == 0) return false;
  site.allowance->redeem();
  return true;
}

// A token that nobody has been promised and nobody has waited for longer.
bool Scheduling::may_take(const SitePtr& site, const Now& now) const {
  Allowance& allowance = *site->allowance;
  if (!allowance.for_tokens.empty() && allowance.for_tokens.front() != site) return false;
  return allowance.available(now.steady) > 0;
}

void Scheduling::wait_for_token(const SitePtr& site, const Now& now) {
  Allowance& allowance = *site->allowance;
  if (!std::exchange(site->waits_for_token, true)) allowance.for_tokens.push_back(site);
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
    site->waits_for_token = false;
    if (!site->forgotten) arrange(site, 0, now, orders);
  }
  if (!allowance.for_tokens.empty()) wait_for_token(allowance.for_tokens.front(), now);
}

// Connections -------------------------------------------------------------------------------------

// Before ConnectionBudget::reserve().
void Scheduling::open_connection(Site& site) {
  if (site.connections.open() == 0) site.allowance->site_opened(site.waits_for_connection);
  site.allowance->opened();
}

// After ConnectionBudget::ended().
void Scheduling::close_connection(Site& site, const SessionRef& session) {
  if (site.connections.open() == 0) site.allowance->site_ended(site.waits_for_connection);
  site.allowance->ended(std::erase(site.leaving, session) != 0);
}

bool Scheduling::should_leave(const Site& site) const {
  return site.allowance->is_exceeded() ||
         site.allowance->exceeds_part(site.connections.open() - site.leaving.size());
}

// A site whose connections are its own is asked again when one of them ends.
void Scheduling::wait_for_connection(const SitePtr& site, Orders& orders) {
  Allowance& allowance = *site->allowance;
  if (!allowance.is_shared() || std::exchange(site->waits_for_connection, true)) return;
  allowance.for_connections.push_back(site);
  if (site->connections.open() == 0) allowance.starves();
  const auto other = std::ranges::find_if(
      allowance.with_idle, [&](const auto& each) { return each.first != site.get(); });
  if (other == allowance.with_idle.end()) return;
  // It finds no job, and that it must make room.
  const SitePtr idle = other->second;
  const SessionRef session = idle->idle.back();
  no_longer_idle(*idle, session);
  orders.wake.push_back({idle, session});
}

void Scheduling::serve_connections(Allowance& allowance, std::size_t worker, const Now& now,
                                   Orders& orders) {
  for (std::size_t left = allowance.for_connections.size(); left > 0 && !allowance.is_full();
       --left) {
    const SitePtr site = std::move(allowance.for_connections.front());
    allowance.for_connections.pop_front();
    site->waits_for_connection = false;
    if (site->connections.open() == 0) allowance.starves_no_more();
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
    Allowance& own = *site->allowance;
    if (own.is_shared() || !own.is_reduced() || !own.restore(now.steady)) continue;
    serve_tokens(own, now, orders);
    arrange(site, 0, now, orders);
  }
}

void Scheduling::find_slowed() {
  slowed.clear();
  std::unordered_set<const Allowance*> seen;
  for (const auto& [key, site] : sites) {
    const Allowance& allowance = *site->allowance;
    if (!allowance.is_reduced() || !seen.insert(&allowance).second) continue;
    slowed.push_back(site->hop.hosts.empty() ? "" : site->hop.hosts.front().name);
  }
}

}  // namespace signpost::delivery
