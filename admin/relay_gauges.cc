#include "admin/relay_gauges.h"

#include "admin/readiness.h"
#include "relay/metric_descriptions.h"

#include <algorithm>
#include <functional>
#include <string>

namespace signpost::admin {

namespace {

namespace metric = relay::metric;
using queue::EngineFigure;

static_assert(std::ranges::equal(kTexts<Hindrance>, metric::kNotReadyReasons));

// Gauges of numbers of any kind.
class Gauges {
 public:
  explicit Gauges(metrics::Registry& registry) : registry_(registry) {}

  template <typename Read>
  void add(const metrics::Description& description, Read read, metrics::Labels labels = {}) {
    registry_.add_gauge(description, std::move(labels),
                        [read = std::move(read)] { return static_cast<double>(read()); });
  }

 private:
  metrics::Registry& registry_;
};

void add_readiness(Gauges& gauges, const Services& services) {
  for (std::size_t i = 0; i < kTexts<Hindrance>.size(); ++i) {
    const auto hindrance = static_cast<Hindrance>(i);
    gauges.add(metric::kReady,
               [services, hindrance] { return words_of(hindrance, services).empty() ? 1 : 0; },
               {{"reason", std::string(text_of(hindrance))}});
  }
}

void add_limits(Gauges& gauges, const Services& services) {
  const relay::Admission& admission = services.admission;
  gauges.add(metric::kSessionsLimit, [&admission] { return admission.most_sessions(); });
  gauges.add(metric::kMemory, [&admission] { return admission.memory(); });
  gauges.add(metric::kMemoryLimit, [&admission] { return admission.most_memory(); });
  gauges.add(metric::kDiskFree, [&admission] { return admission.disk_free(); });
  gauges.add(metric::kDiskFreeLimit, [&admission] { return admission.disk_needed(); });
  const queue::Committer& committer = services.committer;
  gauges.add(metric::kUnwritten, [&committer] { return committer.backlog_bytes(); });
  gauges.add(metric::kUnwrittenLimit, [&committer] { return committer.most_backlog_bytes(); });
}

void add_sites(Gauges& gauges, const Services& services) {
  const delivery::Scheduler& scheduler = services.delivery.scheduler;
  gauges.add(metric::kJobsInMemory, [&scheduler] { return scheduler.figures().in_memory; });
  gauges.add(metric::kJobsInMemoryLimit, [&scheduler] { return scheduler.most_in_memory(); });
  gauges.add(metric::kSites,
             [&scheduler] {
               const auto figures = scheduler.figures();
               return figures.sites - std::min(figures.sites, figures.failing);
             },
             {{"state", "usable"}});
  gauges.add(metric::kSites, [&scheduler] { return scheduler.figures().failing; },
             {{"state", "backing_off"}});
  gauges.add(metric::kSitesPaused, [&scheduler] { return scheduler.figures().paused; });
}

void add_engine(Gauges& gauges, const Services& services) {
  const auto figure = [&store = services.store](EngineFigure which) {
    return [&store, which] { return store.figure(which); };
  };
  gauges.add(metric::kStoreMemory, figure(EngineFigure::MemoryBytes));
  gauges.add(metric::kStoreFiles, figure(EngineFigure::FileBytes));
  gauges.add(metric::kStoreCompaction, figure(EngineFigure::CompactionPendingBytes));
  gauges.add(metric::kStoreStopped, figure(EngineFigure::WritesStopped));
  services.registry.add_counter(metric::kStoreStalls, {{"kind", "slowdown"}},
                                figure(EngineFigure::WriteSlowdowns));
  services.registry.add_counter(metric::kStoreStalls, {{"kind", "stop"}},
                                figure(EngineFigure::WriteStops));
}

}  // namespace

void add_relay_gauges(const Services& services) {
  Gauges gauges(services.registry);
  add_readiness(gauges, services);
  add_limits(gauges, services);
  add_sites(gauges, services);
  add_engine(gauges, services);
}

}  // namespace signpost::admin
