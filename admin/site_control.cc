#include "admin/site_control.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "delivery/site_pauses_file.h"
#include "relay/events.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::size_t kShown = 20;  // sites of a group
constexpr std::chrono::seconds kLookUp{20};

delivery::Scheduler::Now now_of_schedule() {
  return {std::chrono::steady_clock::now(), schedule_now()};
}

std::string file_in(const relay::Settings& settings) {
  std::string file = settings.config ? settings.config->data_dir : "";
  return file.append("/").append(delivery::kSitePausesFile);
}

// As sites are called in logs and listings. One may be paused before there is mail for it.
bool is_key(std::string_view name) {
  constexpr std::array<std::string_view, 5> kForms{"mx:", "a:", "smtp:", "smtps:", "lmtp:"};
  return std::ranges::any_of(kForms, [&](std::string_view form) {
    return name.starts_with(form) && name.size() > form.size();
  });
}

bool is_domain(std::string_view name) {
  return name.contains('.') &&
         (smtp::is_domain_name(name, false) || smtp::is_address_literal(name));
}

}  // namespace

SiteControl::SiteControl(const Services& services)
    : services_(services), file_(file_in(*services.settings.get())) {}

SiteControl::Listing SiteControl::list(std::size_t limit) const {
  const delivery::Scheduler& scheduler = services_.delivery.scheduler;
  return {scheduler.sites(limit, now_of_schedule()), scheduler.pauses()};
}

std::optional<delivery::SitePause> SiteControl::pause_of(const std::string& site) const {
  std::vector<delivery::SitePause> all = services_.delivery.scheduler.pauses();
  const auto found = std::ranges::find(all, site, &delivery::SitePause::site);
  if (found == all.end()) return std::nullopt;
  return std::move(*found);
}

Result<delivery::NextHop> SiteControl::look_up(const std::string& domain) const {
  using Answer = std::expected<delivery::NextHop, delivery::Disposition>;
  if (services_.delivery.workers.empty() || services_.draining.load()) {
    return fail(Errc::Unavailable, "the relay is stopping");
  }
  auto promise = std::make_shared<std::promise<Answer>>();
  auto answer = promise->get_future();
  services_.delivery.workers.front()->find_hop(
      domain, [promise = std::move(promise)](const queue::Lane&, Answer found) {
        promise->set_value(std::move(found));
      });
  if (answer.wait_for(kLookUp) != std::future_status::ready) {
    return fail(Errc::Unavailable, fmt::format("the DNS does not answer for {}", domain));
  }
  try {
    Answer found = answer.get();
    if (found) return std::move(*found);
    const auto code =
        found.error().outcome == delivery::Outcome::Failed ? Errc::NotFound : Errc::Unavailable;
    return fail(code, fmt::format("{} has no site: {}", domain, found.error().reply.one_line()));
  } catch (const std::future_error&) {  // the worker has ended without an answer
    return fail(Errc::Unavailable, "the relay is stopping");
  }
}

Result<SiteControl::Found> SiteControl::find(const std::string& name) const {
  const delivery::Scheduler& scheduler = services_.delivery.scheduler;
  if (is_key(name) || pause_of(name) ||
      scheduler.sites_named(name, 1, now_of_schedule()).total > 0) {
    return Found{name, std::nullopt};
  }
  const auto settings = services_.settings.get();
  const std::string lower = ascii::lower(name);
  if (settings->providers && settings->providers->named(lower) != nullptr) {
    return Found{lower, std::nullopt};
  }
  const auto domain = smtp::to_a_labels(name);
  if (domain && is_domain(*domain)) {
    auto hop = look_up(*domain);
    if (!hop) return Failure(std::move(hop).error());
    std::string key = hop->key;
    return Found{std::move(key), std::move(*hop)};
  }
  return fail(Errc::NotFound,
              fmt::format("{} is no site, provider or domain; signpost site list and signpost "
                          "provider list show names",
                          ascii::printable(name)));
}

Result<SiteControl::Shown> SiteControl::show(const std::string& name) const {
  auto found = find(name);
  if (!found) return Failure(std::move(found).error());
  Shown shown;
  shown.site = std::move(found->first);
  shown.pause = pause_of(shown.site);
  shown.views = services_.delivery.scheduler.sites_named(shown.site, kShown, now_of_schedule());
  if (shown.views.sites.empty() && found->second) {
    delivery::SiteView view;
    view.hop = std::move(*found->second);
    view.connections_limit = view.hop.connections;
    if (shown.pause) view.state = delivery::SiteState::Paused;
    shown.views.sites.push_back(std::move(view));
    shown.views.total = 1;
  }
  const bool unknown = shown.views.sites.empty() && !shown.pause && is_key(name);
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
  auto found = find(wish.name);
  if (!found) return Failure(std::move(found).error());
  delivery::Scheduler& scheduler = services_.delivery.scheduler;
  delivery::SitePause pause{.site = std::move(found->first),
                            .since = schedule_now(),
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
  (void)services_.delivery.pause(pause);
  relay::events::SitePaused event{.site = pause.site, .reason = pause.reason, .by = by};
  if (pause.until) event.until = *pause.until;
  log::emit(event);
  return pause;
}

Result<std::string> SiteControl::resume(const std::string& name, std::string_view by) {
  std::string site = name;
  if (!pause_of(site)) {
    auto found = find(name);
    if (!found) return Failure(std::move(found).error());
    site = std::move(found->first);
  }
  const MutexLock lock(changing_);
  std::vector<delivery::SitePause> pauses = services_.delivery.scheduler.pauses();
  if (std::erase_if(pauses, [&](const auto& each) { return each.site == site; }) == 0) {
    std::string reason = fmt::format("{} is not paused", ascii::printable(site));
    const auto views = services_.delivery.scheduler.sites_named(site, 1, now_of_schedule());
    if (!views.sites.empty() && views.sites.front().pause) {
      reason = fmt::format("{} is paused with {}: resume that", ascii::printable(site),
                           views.sites.front().pause->site);
    }
    return fail(Errc::NotFound, reason);
  }
  if (auto saved = save(pauses); !saved) return Failure(std::move(saved).error());
  (void)services_.delivery.resume(site);
  log::emit(relay::events::SiteResumed{.site = site, .by = by});
  return site;
}

}  // namespace signpost::admin
