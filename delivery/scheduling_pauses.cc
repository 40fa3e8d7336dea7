// What the scheduler does with the sites that operators have paused; site_pauses.h has which.
#include "delivery/scheduler.h"
#include "delivery/scheduling.h"

#include <utility>

namespace signpost::delivery {

// The jobs of its line wait in the store, where waiting costs nothing.
void Scheduling::unload_line(Site& site, const Now& now, Orders& orders) {
  while (LaneTurn* turn = site.line.any_ready()) {
    Lane& lane = *turn->lane;
    unload(lane, orders);
    lanes.wake_by(lane, now.schedule + overdue_interval);
    park(lane);
  }
}

void Scheduling::stop_site(const SitePtr& site, const Now& now, Orders& orders) {
  unload_line(*site, now, orders);
  for (Exit& exit : site->exits) {
    exit.allowance->waits_no_longer(*site);
    while (!exit.idle.empty()) {  // they find no job, and that they must make room
      const SessionRef session = exit.idle.back();
      no_longer_idle(*site, session);
      orders.wake.push_back({site, session});
    }
  }
}

void Scheduling::pauses_changed(const Now& now, Orders& orders) {
  for (const auto& [key, site] : sites) {
    const bool was_paused = site->pause != nullptr;
    site->pause = pauses.find(key, site->hop.group);
    const bool is_paused = site->pause != nullptr;
    if (is_paused && !was_paused) stop_site(site, now, orders);
    if (was_paused && !is_paused) timers.push({now.steady, site});
  }
}

void Scheduling::end_pauses(const Now& now, Orders& orders) {
  const std::vector<SitePausePtr> over = pauses.take_over(now.schedule);
  if (over.empty()) return;
  for (const SitePausePtr& pause : over) orders.resumed.push_back(pause->site);
  pauses_changed(now, orders);
}

bool Scheduler::pause(SitePause pause, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  if (!impl_->pauses.add(std::move(pause))) return false;
  impl_->pauses_changed(now, orders);
  return true;
}

bool Scheduler::resume(std::string_view site, const Now& now, Orders& orders) {
  const MutexLock lock(mutex_);
  if (!impl_->pauses.remove(site)) return false;
  impl_->pauses_changed(now, orders);
  return true;
}

std::vector<SitePause> Scheduler::pauses() const {
  const MutexLock lock(mutex_);
  return impl_->pauses.all();
}

SitePausePtr Scheduler::pause_of(const SiteName& site) const {
  const MutexLock lock(mutex_);
  return impl_->pauses.find(site.key, site.group);
}

bool Scheduler::is_paused(const Site& site) const {
  const MutexLock lock(mutex_);
  return site.pause != nullptr;
}

}  // namespace signpost::delivery
