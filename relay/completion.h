// The way back: what an attempt came to becomes one change of the queue. A recipient leaves it only
// together with the notification that reports it, in the same synced write.
#pragma once

#include "relay/disposition.h"
#include "relay/outgoing_message.h"
#include "relay/worker.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace signpost::relay {

// What is known of the attempt, for the log, the metrics and the notifications.
struct AttemptFacts {
  std::string mx;       // host name, "" when none was reached
  std::string address;  // "192.0.2.1:25"
  std::string tls;      // "TLSv1.3 verified", "" in clear
  std::string dkim;     // OutgoingMessage::Signature::summary
  std::size_t provider = 0;
  bool dsn_handed_on = false;  // the peer took over NOTIFY=SUCCESS (RFC 3461 section 5.2.2)
  bool attempted = true;       // false: not tried, the destination is backing off
};

// The worker's thread. `dispositions[i]` is that of the job's i-th recipient. Logs and counts, then
// removes the job, or defers what is left of it by the retry schedule, or gives it up when it has
// expired, with the notifications that follow from it. The job's claim is released when all that is
// stored; while the store refuses, it is asked again every second, and a job that is due by then is
// tried again as it is stored.
void complete(Worker& worker, PendingJob job, std::vector<Disposition> dispositions,
              AttemptFacts facts);

constexpr std::chrono::hours kLongestPutBack{1};

// Without an attempt: the job goes back to the due index for `delay`, at most kLongestPutBack.
void put_back(Worker& worker, PendingJob job, std::chrono::seconds delay);

}  // namespace signpost::relay
