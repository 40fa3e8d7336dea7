#include "admin/site_names.h"

#include "admin/site_key.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "smtp/address.h"
#include "smtp/idna.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

namespace signpost::admin {

namespace {

using Answer = std::expected<delivery::NextHop, delivery::Disposition>;

constexpr std::chrono::seconds kLookUp{20};

bool is_domain(std::string_view name) {
  return name.contains('.') &&
         (smtp::is_domain_name(name, false) || smtp::is_address_literal(name));
}

std::future<Answer> ask(const Services& services, queue::Lane lane) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto answer = promise->get_future();
  services.delivery.workers.front()->find_hop(
      std::move(lane), [promise = std::move(promise)](const queue::Lane&, Answer found) {
        promise->set_value(std::move(found));
      });
  return answer;
}

Failure stopping() { return fail(Errc::Unavailable, "the relay is stopping"); }

bool can_ask(const Services& services) {
  return !services.delivery.workers.empty() && !services.draining.load();
}

Result<Answer> await(std::future<Answer>& answer, SteadyTime::duration most,
                     const std::string& domain) {
  if (answer.wait_for(most) != std::future_status::ready) {
    return fail(Errc::Unavailable, fmt::format("the DNS does not answer for {}", domain));
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {  // the worker has ended without an answer
    return stopping();
  }
}

}  // namespace

Result<delivery::NextHop> SiteNames::look_up(const std::string& domain) const {
  if (!can_ask(services_)) return stopping();
  auto asked = ask(services_, {domain, "", ""});
  auto answer = await(asked, kLookUp, domain);
  if (!answer) return Failure(std::move(answer).error());
  if (*answer) return std::move(**answer);
  const delivery::Disposition& why = answer->error();
  const auto code = why.outcome == delivery::Outcome::Failed ? Errc::NotFound : Errc::Unavailable;
  return fail(code, fmt::format("{} has no site: {}", domain, why.reply.one_line()));
}

Result<SiteNames::Named> SiteNames::find(const std::string& given) const {
  const std::string name = smtp::text_with_a_labels(given);
  const delivery::Scheduler& scheduler = services_.delivery.scheduler;
  if (scheduler.pause_of({name, ""}) || scheduler.sites_named(name, 1, services_.now()).total > 0) {
    return Named{name};
  }
  const auto settings = services_.settings.get();
  if (is_site_key(name)) {
    auto key = site_key(settings->config ? *settings->config : config::Config(), name);
    if (!key) return Failure(std::move(key).error());
    return Named{std::move(*key)};
  }
  const std::string lower = ascii::lower(name);
  if (settings->providers && settings->providers->named(lower) != nullptr) return Named{lower};
  std::string_view named = name;
  if (named.starts_with('@')) named.remove_prefix(1);
  if (named.ends_with('.')) named.remove_suffix(1);
  const auto domain = smtp::to_a_labels(named);
  if (domain && is_domain(*domain)) {
    auto hop = look_up(*domain);
    if (!hop) return Failure(std::move(hop).error());
    std::string key = hop->key;
    return Named{std::move(key), std::move(*hop)};
  }
  return fail(Errc::NotFound,
              fmt::format("{} is not a site, provider or domain; for names see signpost site list "
                          "and signpost provider list",
                          ascii::printable(name)));
}

Result<std::vector<delivery::SiteName>> SiteNames::of_lanes(
    const std::vector<queue::Lane>& lanes) const {
  std::vector<delivery::SiteName> names(lanes.size());
  std::vector<std::pair<std::size_t, std::future<Answer>>> asked;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (auto known = services_.delivery.scheduler.site_name(lanes[i])) {
      names[i] = std::move(*known);
      continue;
    }
    if (!can_ask(services_)) return stopping();
    asked.emplace_back(i, ask(services_, lanes[i]));
  }
  const SteadyTime until = services_.clock.steady_now() + kLookUp;
  std::string unanswered;
  for (auto& [i, waited] : asked) {
    auto answer = await(waited, until - services_.clock.steady_now(), lanes[i].domain);
    if (!answer) return Failure(std::move(answer).error());
    if (*answer) {
      names[i] = {(*answer)->key, (*answer)->group};
    } else if (answer->error().outcome == delivery::Outcome::Delayed) {
      unanswered = lanes[i].domain;
    }
  }
  if (!unanswered.empty() && services_.delivery.name_service.is_down()) {
    return fail(
        Errc::Unavailable,
        fmt::format("no name server answers: it is not known where mail for {} goes", unanswered));
  }
  return names;
}

}  // namespace signpost::admin
