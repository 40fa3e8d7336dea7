// What the scheduler shows operators: sites, and what holds up their mail.
#include "delivery/scheduler.h"
#include "delivery/scheduling.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::size_t kLanesShown = 20;

// What holds up mail there, in words; "" if no limit does.
std::string limit_reached(const Site& site, const Exit& exit) {
  const Allowance& allowance = *exit.allowance;
  const std::string whose = allowance.is_shared() ? fmt::format(" to {}", allowance.group()) : "";
  const std::string less =
      allowance.is_reduced()
          ? fmt::format(" ({} % of the usual, since the receiver has asked for less)",
                        100 * allowance.share() / Throttle::kWhole)
          : "";
  if (allowance.daily() && allowance.daily()->most == 0) return "its warm-up has not begun";
  if (allowance.daily() && allowance.daily()->left() == 0) {
    return fmt::format(
        "waiting for the next day (UTC): {} of {} messages{} are sent, which is all "
        "that the warm-up allows today",
        *allowance.daily()->sent, allowance.daily()->most, whose);
  }
  if (exit.waits_for_token) {
    return fmt::format("waiting for its turn: the rate of mail{} is used up{}", whose, less);
  }
  if (allowance.waits_for_connection(site) || allowance.is_full()) {
    return fmt::format("waiting for a connection: {} of {}{} are open{}", allowance.open(),
                       allowance.connections(), whose, less);
  }
  return "";
}

std::string trouble_of(const Site& site, const Exit& exit) {
  return exit.back_off.failing() ? exit.back_off.why().reply.one_line() : limit_reached(site, exit);
}

// Of all exits, since mail goes by any of them.
std::string limits_reached(const Site& site) {
  if (site.hop.sources.front().name.empty()) return limit_reached(site, site.exits.front());
  std::string text;
  for (std::size_t i = 0; i < site.exits.size(); ++i) {
    const std::string trouble = trouble_of(site, site.exits[i]);
    if (trouble.empty()) return "";
    fmt::format_to(std::back_inserter(text), "{}from {}: {}", text.empty() ? "" : "; ",
                   site.hop.sources[i].name, trouble);
  }
  return text;
}

std::optional<Disposition> obstacle_of(const Site& site) {
  if (site.pause) return of_pause(*site.pause);
  if (site.is_failing()) return site.trouble().why();
  const std::string limit = limits_reached(site);
  if (limit.empty()) return std::nullopt;
  return local(Outcome::Delayed, {4, 4, 5}, limit);
}

// A lane may have jobs in memory and more to be read.
std::size_t lanes_of(const Site& site) {
  return std::max(site.line.ready(), site.line.unread()) + site.parked.size() + site.stale.size();
}

// Further connections fail, and mail goes over those that are open.
bool carries_mail(const Site& site) {
  return std::ranges::any_of(site.exits, [](const Exit& exit) {
    return exit.connections.connected() > 0 && !exit.turns_away;
  });
}

SiteState state_of(const Site& site) {
  if (site.pause) return SiteState::Paused;
  if (site.is_failing() && !carries_mail(site)) return SiteState::BackingOff;
  const bool has_mail = lanes_of(site) > 0;
  const auto waits = [&](const Exit& exit) {
    return exit.back_off.failing() || exit.waits_for_token ||
           exit.allowance->waits_for_connection(site) || (has_mail && exit.allowance->is_full()) ||
           (exit.allowance->daily() && exit.allowance->daily()->left() == 0);
  };
  return std::ranges::all_of(site.exits, waits) ? SiteState::Limited : SiteState::Usable;
}

std::vector<queue::Lane> some_lanes(const Site& site) {
  std::vector<queue::Lane> lanes;
  const auto add = [&](const Lane& lane) {
    if (lanes.size() >= kLanesShown) return;
    queue::Lane name = lane_named(*lane.key);
    if (std::ranges::find(lanes, name) == lanes.end()) lanes.push_back(std::move(name));
  };
  for (const LaneTurn* const turn : site.line.ready_lanes()) add(*turn->lane);
  for (const LaneTurn* const turn : site.line.unread_lanes()) add(*turn->lane);
  site.parked.for_some(kLanesShown, add);
  return lanes;
}

ExitView view_of(const Site& site, const Exit& exit, const std::string& source) {
  ExitView view;
  view.source = source;
  view.waits_for = trouble_of(site, exit);
  view.connections = exit.connections.open();
  view.shared_connections = exit.allowance->open();
  view.connections_limit = exit.allowance->connections();
  view.percent = 100 * exit.allowance->share() / Throttle::kWhole;
  if (exit.allowance->daily()) {
    view.warm_up = {{*exit.allowance->daily()->sent, exit.allowance->daily()->most}};
  }
  return view;
}

SiteView view_of(const Site& site, const SchedulerNow& now) {
  SiteView view;
  view.hop = site.hop;
  view.state = state_of(site);
  const auto obstacle = obstacle_of(site);
  const bool held_up = obstacle && view.state != SiteState::Usable;
  if (held_up) view.waits_for = obstacle->reply.one_line();
  view.connections = site.open();
  view.jobs = site.line.jobs();
  view.lanes = lanes_of(site);
  view.shared_connections = view.connections_limit = 0;
  view.percent = 100;
  for (const Exit& exit : site.exits) {
    view.exits.push_back(view_of(site, exit, site.hop.sources[view.exits.size()].name));
    view.shared_connections += exit.allowance->open();
    view.connections_limit += exit.allowance->connections();
    view.percent = std::min(view.percent, view.exits.back().percent);
  }
  if (site.is_failing()) {
    view.failures = site.trouble().failures();
    view.next_try = now.schedule +
                    std::chrono::duration_cast<SystemTime::duration>(site.next_try() - now.steady);
  }
  if (site.absence) {
    view.away = std::chrono::floor<std::chrono::seconds>(now.steady - site.absence->since);
  }
  view.pause = site.pause;
  return view;
}

// What an operator looks for comes first.
bool comes_before(const Site* one, const Site* other) {
  const auto rank = [](const Site& site) {
    return std::tuple(state_of(site), -static_cast<std::ptrdiff_t>(lanes_of(site)),
                      -static_cast<std::ptrdiff_t>(site.open()), std::string_view(site.hop.key));
  };
  return rank(*one) < rank(*other);
}

std::vector<const Site*> first_of(std::vector<const Site*> sites, std::size_t limit) {
  const std::size_t count = std::min(limit, sites.size());
  std::ranges::partial_sort(sites, sites.begin() + static_cast<std::ptrdiff_t>(count),
                            comes_before);
  sites.resize(count);
  return sites;
}

}  // namespace

Disposition of_pause(const SitePause& pause) {
  return local(Outcome::Delayed, {4, 3, 2}, words_of(pause));
}

SiteViews Scheduler::sites(std::size_t limit, const Now& now) const {
  SiteViews views;
  const MutexLock lock(mutex_);
  std::vector<const Site*> all;
  all.reserve(impl_->sites.size());
  for (const auto& [key, site] : impl_->sites) all.push_back(site.get());
  views.total = all.size();
  for (const Site* site : first_of(std::move(all), limit)) {
    views.sites.push_back(view_of(*site, now));
  }
  return views;
}

SiteViews Scheduler::sites_named(const std::string& name, std::size_t limit, const Now& now) const {
  SiteViews views;
  const MutexLock lock(mutex_);
  std::vector<const Site*> named;
  for (const auto& [key, site] : impl_->sites) {
    const bool is_named = key == name || site->hop.group == name || without_sources(key) == name;
    if (is_named && !name.empty()) named.push_back(site.get());
  }
  views.total = named.size();
  for (const Site* site : first_of(std::move(named), limit)) {
    views.sites.push_back(view_of(*site, now));
    views.sites.back().some_lanes = some_lanes(*site);
  }
  return views;
}

std::optional<SiteName> Scheduler::site_name(const queue::Lane& name) const {
  const MutexLock lock(mutex_);
  const Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr || !lane->site) return std::nullopt;
  const NextHop& hop = lane->site->hop;
  return SiteName{hop.key, hop.group};
}

std::optional<Disposition> Scheduler::obstacle(const queue::Lane& name) const {
  const MutexLock lock(mutex_);
  const Lane* const lane = impl_->lanes.find(name);
  if (lane == nullptr) return std::nullopt;
  const bool paused = lane->site && lane->site->pause;
  if (lane->trouble && !paused) return lane->trouble->why();
  if (!lane->site) return std::nullopt;
  return obstacle_of(*lane->site);
}

}  // namespace signpost::delivery
