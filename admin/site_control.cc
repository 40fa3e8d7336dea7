#include "admin/site_control.h"

#include "admin/site_key.h"
#include "base/ascii.h"
#include "delivery/next_hop.h"
#include "delivery/site_pauses_file.h"
#include "relay/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::size_t kShown = 20;  // sites of a group

std::string file_in(const relay::Settings& settings) {
  std::string file = settings.config ? settings.config->data_dir : "";
  return file.append("/").append(delivery::kSitePausesFile);
}

}  // namespace

SiteControl::SiteControl(const Services& services)
    : services_(services), names_(services), file_(file_in(*services.settings.get())) {}

SiteControl::Listing SiteControl::list(std::size_t limit) const {
  const delivery::Scheduler& scheduler = services_.delivery.scheduler;
  return {scheduler.sites(limit, services_.now()), scheduler.pauses()};
}

std::optional<delivery::SitePause> SiteControl::pause_of(const std::string& site) const {
  std::vector<delivery::SitePause> all = services_.delivery.scheduler.pauses();
  const auto found = std::ranges::find(all, site, &delivery::SitePause::site);
  if (found == all.end()) return std::nullopt;
  return std::move(*found);
}

Result<SiteControl::Shown> SiteControl::show(const std::string& name) const {
  auto found = names_.find(name);
  if (!found) return Failure(std::move(found).error());
  Shown shown;
  shown.site = std::move(found->site);
  shown.pause = pause_of(shown.site);
  shown.views = services_.delivery.scheduler.sites_named(shown.site, kShown, services_.now());
  if (shown.views.sites.empty() && found->hop) {
    delivery::SiteView view;
    view.hop = std::move(*found->hop);
    view.connections_limit = view.hop.connections;
    const auto pause = shown.pause ? shown.pause : pause_of(view.hop.group);
    if (pause) {
      view.state = delivery::SiteState::Paused;
      view.waits_for = words_of(*pause);
      view.pause = std::make_shared<const delivery::SitePause>(*pause);
    }
    shown.views.sites.push_back(std::move(view));
    shown.views.total = 1;
  }
  const bool unknown = shown.views.sites.empty() && !shown.pause && is_site_key(name);
  if (unknown) {
    return fail(Errc::NotFound, fmt::format("there is no mail for a site {}, and it is not paused",
                                            ascii::printable(name)));
  }
  return shown;
}

Result<void> SiteControl::save(const std::vector<delivery::SitePause>& pauses) {
  auto saved = delivery::save_site_pauses(file_, pauses);
  if (saved) return {};
  return fail(Errc::Unavailable, fmt::format("{} {}", file_, saved.error().detail));
}

Result<delivery::SitePause> SiteControl::pause(const Wish& wish, std::string_view by) {
  auto found = names_.find(wish.name);
  if (!found) return Failure(std::move(found).error());
  delivery::Scheduler& scheduler = services_.delivery.scheduler;
  delivery::SitePause pause{.site = std::string(delivery::without_sources(found->site)),
                            .since = services_.clock.schedule_now(),
                            .by = std::string(by),
                            .reason = wish.reason};
  if (wish.time) {
    pause.until = std::chrono::ceil<std::chrono::seconds>(
        pause.since + std::chrono::duration_cast<SystemTime::duration>(*wish.time));
  }
  const MutexLock lock(changing_);
  std::vector<delivery::SitePause> pauses = scheduler.pauses();
  std::erase_if(pauses, [&](const auto& each) { return each.site == pause.site; });
  if (pauses.size() >= delivery::SitePauses::kMost) {
    return fail(Errc::Unavailable,
                fmt::format("{} sites are paused, and no more can be; pause the provider instead",
                            pauses.size()));
  }
  pauses.push_back(pause);
  if (auto saved = save(pauses); !saved) return Failure(std::move(saved).error());
  (void)services_.delivery.pause(pause, services_.now());
  log::emit(relay::events::SitePaused{
      .site = pause.site, .until = pause.until, .reason = pause.reason, .by = by});
  return pause;
}

Result<std::string> SiteControl::resume(const std::string& name, std::string_view by) {
  std::string site = name;
  if (!pause_of(site)) {
    auto found = names_.find(name);
    if (!found) return Failure(std::move(found).error());
    site = delivery::without_sources(found->site);
  }
  const MutexLock lock(changing_);
  std::vector<delivery::SitePause> pauses = services_.delivery.scheduler.pauses();
  if (std::erase_if(pauses, [&](const auto& each) { return each.site == site; }) == 0) {
    std::string reason = fmt::format("{} is not paused", ascii::printable(site));
    const auto views = services_.delivery.scheduler.sites_named(site, 1, services_.now());
    if (!views.sites.empty() && views.sites.front().pause) {
      reason = fmt::format("{} is paused with {}: resume that", ascii::printable(site),
                           views.sites.front().pause->site);
    }
    return fail(Errc::NotFound, reason);
  }
  if (auto saved = save(pauses); !saved) return Failure(std::move(saved).error());
  (void)services_.delivery.resume(site, services_.now());
  log::emit(relay::events::SiteResumed{.site = site, .by = by});
  return site;
}

}  // namespace signpost::admin
