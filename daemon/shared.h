// What all workers share.
#pragma once

#include "auth/dovecot_report.h"
#include "auth/fetched_keys.h"
#include "auth/login_guard.h"
#include "auth/password_checks.h"
#include "base/clock.h"
#include "delivery/delivery.h"
#include "metrics/registry.h"
#include "mta_sts/policies.h"
#include "queue/committer.h"
#include "queue/store.h"
#include "quota/counters.h"
#include "relay/admission.h"
#include "tlsrpt/collector.h"

#include <atomic>
#include <memory>
#include <string>

namespace signpost::daemon {

// Built by the daemon before the workers start and torn down after they have stopped. Each member
// documents which threads may use it.
struct Shared {
  explicit Shared(const Clock& its) : clock(its) {}

  const Clock& clock;
  metrics::Registry registry;
  relay::Admission admission;
  quota::Counters quotas;
  tlsrpt::Collector tls_reports{clock};
  auth::LoginGuard logins;
  std::string salt_secret;  // see auth/salt_secret.h; constant once the workers start
  std::unique_ptr<auth::PasswordChecks> password_checks;
  std::unique_ptr<auth::FetchedKeys> fetched_keys;
  auth::DovecotReport dovecot{clock};
  std::unique_ptr<mta_sts::Policies> policies;
  std::unique_ptr<queue::Store> store;
  std::unique_ptr<queue::Committer> committer;
  std::unique_ptr<delivery::SharedDelivery> delivery;
  std::atomic<bool> draining{false};
};

}  // namespace signpost::daemon
