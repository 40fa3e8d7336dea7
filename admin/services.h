// The parts of the running relay that the admin side uses.
#pragma once

#include "base/clock.h"
#include "delivery/delivery.h"
#include "metrics/registry.h"
#include "queue/committer.h"
#include "queue/store.h"
#include "quota/counters.h"
#include "relay/admission.h"
#include "relay/settings_in_force.h"
#include "tlsrpt/collector.h"

#include <atomic>

namespace signpost::admin {

// Everything may be used from any thread and outlives the admin side.
struct Services {
  metrics::Registry& registry;
  queue::Store& store;
  queue::Committer& committer;
  relay::Admission& admission;
  delivery::SharedDelivery& delivery;
  const relay::SettingsInForce& settings;
  const std::atomic<bool>& draining;
  quota::Counters& quotas;
  tlsrpt::Collector& tls_reports;
  const Clock& clock;

  delivery::Scheduler::Now now() const { return {clock.steady_now(), clock.schedule_now()}; }
};

}  // namespace signpost::admin
