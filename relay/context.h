// What a session may use: parts of the worker that it lives on, and parts that all workers share.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "dns/resolver.h"
#include "net/loop.h"
#include "net/timers.h"
#include "queue/message_id.h"
#include "queue/store.h"
#include "quota/counters.h"
#include "relay/admission.h"
#include "relay/event_sink.h"
#include "relay/relay_metrics.h"
#include "relay/settings.h"
#include "relay/turn_commits.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace signpost::mta_sts {
class Discovery;
}
namespace signpost::tlsrpt {
class Collector;
}

namespace signpost::relay {

// One per worker, created before and destroyed after everything that uses it. The worker's thread
// only; the shared members document which threads may use them.
struct Context {
  const std::size_t worker;  // index
  const Clock& clock;
  Random& random;  // for jitter and shuffles
  net::Loop& loop;
  net::Timers& timers;
  dns::Resolver& resolver;
  TurnCommits& commits;
  queue::MessageIdGenerator& ids;
  EventSink& events;
  RelayMetrics& metrics;  // for what events do not count: gauges

  // Shared by all workers.
  queue::Store& store;
  Admission& admission;
  quota::Counters& quotas;
  const std::atomic<bool>& draining;  // the relay is stopping: nothing new is begun

  // In force now. A session that needs one configuration until its end keeps a pointer of its own.
  std::shared_ptr<const Settings> settings;

  // Finds the policies of domains (mta_sts/discovery.h). Null: there are none, as in tests.
  mta_sts::Discovery* mta_sts = nullptr;
  // Counts what connections to receivers showed of TLS; shared by all workers. Null: nobody counts.
  tlsrpt::Collector* tls_reports = nullptr;

  std::uint64_t next_session = 1;  // number of the next session, of either kind: names it in logs
};

}  // namespace signpost::relay
