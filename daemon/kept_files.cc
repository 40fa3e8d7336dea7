#include "daemon/kept_files.h"

#include "auth/known_logins.h"
#include "base/log.h"
#include "delivery/site_pauses_file.h"
#include "delivery/warm_up_file.h"
#include "mta_sts/events.h"
#include "mta_sts/policies_file.h"
#include "quota/counters_file.h"
#include "relay/events.h"
#include "tlsrpt/collector_file.h"
#include "tlsrpt/events.h"

#include <string>
#include <utility>

namespace signpost::daemon {

FileKeeper::Memory known_logins_memory(auth::LoginGuard& logins, const Clock& clock) {
  return {
      .name = "known-logins",
      .load = [&](const std::string& file) { return auth::load_known_logins(file, logins, clock); },
      .save = [&](const std::string& file) { return auth::save_known_logins(file, logins, clock); },
      .unsaved = [&] { return logins.unsaved(); },
      .lost =
          [](const std::string& file, const std::string& detail) {
            log::emit(relay::events::KnownLoginsLost{.file = file, .detail = detail});
          }};
}

FileKeeper::Memory quota_memory(quota::Counters& counters, const Clock& clock) {
  return {
      .name = "quota-counters",
      .load = [&](const std::string& file) { return quota::load_counters(file, counters); },
      .save = [&](const std::string& file) { return quota::save_counters(file, counters, clock); },
      .unsaved = [&] { return counters.unsaved(); },
      .lost =
          [](const std::string& file, const std::string& detail) {
            log::emit(relay::events::QuotaCountersLost{.file = file, .detail = detail});
          }};
}

FileKeeper::Memory tls_reports_memory(tlsrpt::Collector& collector) {
  return {.name = "tls-reports",
          .load = [&](const std::string& file) { return tlsrpt::load_collector(file, collector); },
          .save = [&](const std::string& file) { return tlsrpt::save_collector(file, collector); },
          .unsaved = [&] { return collector.unsaved(); },
          .lost =
              [](const std::string& file, const std::string& detail) {
                log::emit(tlsrpt::events::TlsReportsLost{.file = file, .detail = detail});
              }};
}

FileKeeper::Memory warm_up_memory(delivery::Scheduler& scheduler) {
  return {.name = "warm-up",
          .load = [&](const std::string& file) { return delivery::load_warm_up(file, scheduler); },
          .save = [&](const std::string& file) { return delivery::save_warm_up(file, scheduler); },
          .unsaved = [&] { return scheduler.is_warm_up_unsaved(); },
          .lost =
              [](const std::string& file, const std::string& detail) {
                log::emit(relay::events::WarmUpLost{.file = file, .detail = detail});
              }};
}

FileKeeper::Memory policies_memory(mta_sts::Policies& policies) {
  return {.name = "mta-sts-policies",
          .load = [&](const std::string& file) { return mta_sts::load_policies(file, policies); },
          .save = [&](const std::string& file) { return mta_sts::save_policies(file, policies); },
          .unsaved = [&] { return policies.unsaved(); },
          .lost =
              [](const std::string& file, const std::string& detail) {
                log::emit(mta_sts::events::MtaStsPoliciesLost{.file = file, .detail = detail});
              }};
}

void restore_site_pauses(const std::string& data_dir, delivery::SharedDelivery& delivery,
                         const Clock& clock) {
  std::string file = data_dir;
  file.append("/").append(delivery::kSitePausesFile);
  auto pauses = delivery::load_site_pauses(file);
  if (!pauses) {
    log::emit(relay::events::SitePausesLost{.file = file, .detail = pauses.error().detail});
    return;
  }
  const delivery::Scheduler::Now now{clock.steady_now(), clock.schedule_now()};
  delivery::Orders none;  // there is no site yet
  for (delivery::SitePause& pause : *pauses) {
    if (!pause.until || *pause.until > now.schedule) {
      (void)delivery.scheduler.pause(std::move(pause), now, none);
    }
  }
}

}  // namespace signpost::daemon
