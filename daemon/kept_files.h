// What the relay remembers across restarts beside the queue.
#pragma once

#include "auth/login_guard.h"
#include "base/clock.h"
#include "daemon/file_keeper.h"
#include "delivery/delivery.h"
#include "mta_sts/policies.h"
#include "quota/counters.h"
#include "tlsrpt/collector.h"

#include <string>

namespace signpost::daemon {

// All that is passed must outlive the keeper of what is returned.

// Which logins are known at which clients (auth/known_logins.h).
FileKeeper::Memory known_logins_memory(auth::LoginGuard& logins, const Clock& clock);
// What was used of limits on recipients (quota/counters_file.h).
FileKeeper::Memory quota_memory(quota::Counters& counters, const Clock& clock);

// What is counted for reports on TLS (tlsrpt/collector_file.h).
FileKeeper::Memory tls_reports_memory(tlsrpt::Collector& collector);

// What sources in their warm-up have sent today (delivery/warm_up_file.h).
FileKeeper::Memory warm_up_memory(delivery::Scheduler& scheduler);

// The MTA-STS policies of receivers (mta_sts/policies_file.h).
FileKeeper::Memory policies_memory(mta_sts::Policies& policies);

// The sites that operators have paused (delivery/site_pauses_file.h), which is written by those who
// change it. Before the workers run.
void restore_site_pauses(const std::string& data_dir, delivery::SharedDelivery& delivery,
                         const Clock& clock);

}  // namespace signpost::daemon
