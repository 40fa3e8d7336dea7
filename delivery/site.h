// One receiver as delivery sees it: a set of MX hosts, or the host of a route. The mail of all
// lanes that go there shares its connections, its limits and its back-off.
#pragma once

#include "delivery/allowance.h"
#include "delivery/attempt_facts.h"
#include "delivery/back_off.h"
#include "delivery/connection_budget.h"
#include "delivery/job_line.h"
#include "delivery/lane_queue.h"
#include "delivery/next_hop.h"
#include "delivery/receiver_limits.h"
#include "delivery/site_pauses.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signpost::delivery {

// A delivery session, named so that other threads can refer to it.
struct SessionRef {
  std::size_t worker = 0;
  std::uint64_t session = 0;
  friend bool operator==(const SessionRef&, const SessionRef&) = default;
};

// A job that was put off because its receiver could not be reached, or was lost in the middle of
// it.
struct PutOff {
  queue::JobRef ref;
  std::uint32_t attempts = 0;  // as it is stored from then on
  std::string account;         // of its lane
  // When it is tried again anyway; in the past until it is known to be stored like this.
  SystemTime due = SystemTime::min();
};

// A site has not been reached since its first connection in vain.
struct Absence {
  SteadyTime since{};
  SteadyTime last{};
  std::uint64_t attempts = 0;
};

// How many transactions a job needs if the receiver takes as many recipients in each as it must
// (RFC 5321 section 4.5.3.1.8). To the receiver each is a message.
inline std::size_t transactions_of(const queue::Job& job, const NextHop& hop) {
  const std::size_t most = hop.recipients_per_transaction;
  return std::max<std::size_t>(1, (job.recipients.size() + most - 1) / most);
}

// Belongs to the scheduler and is guarded by its mutex. Others only hold it and pass it back.
struct Site {
  Site(NextHop next_hop, std::size_t workers) : hop(std::move(next_hop)), connections(workers) {
    connections.set_limit(hop.connections);
  }

  NextHop hop;
  JobLine line;
  ConnectionBudget connections;
  BackOff back_off{BackOff::kConnections};
  std::optional<Absence> absence;
  // Of an absence that there is no order about yet: why, and whose job's turn it was.
  struct FirstFailure {
    Disposition why;
    AttemptFacts facts;
    queue::Lane lane;
  };
  std::optional<FirstFailure> first_failure;
  std::vector<PutOff> put_off;  // of the present trouble, the latest; they go when it is over
  std::shared_ptr<Allowance> allowance;  // of this site, or of the group that it is in
  SitePausePtr pause;                    // no job is taken, no connection opened; null: not paused
  bool waits_for_connection = false;     // in the allowance's queue
  bool waits_for_token = false;          // in the allowance's queue: no session is woken meanwhile
  SteadyTime crowded_until{};       // no connection is opened before: its addresses have enough
  bool waits_for_place = false;     // in the queue of an address
  bool turns_away = false;          // it takes connections, and no mail
  std::vector<SessionRef> probing;  // meanwhile: have taken a job
  std::vector<SessionRef> idle;     // connected, without a job
  std::vector<SessionRef> woken;    // have a promised token, and have not asked for a job yet
  std::vector<SessionRef> leaving;  // close, since there are more than may be
  std::size_t reading = 0;          // jobs that reads under way may bring
  LaneQueue parked;                 // after the line: more lanes than can be read soon
  std::deque<Lane*> stale;          // parked with routes of a former configuration
  SteadyTime next_look{};           // for overdue jobs in the line
  bool hungry = false;              // waits for memory to read more
  bool early = true;                // may begin a transaction before the reply to the previous one
  bool forgotten = false;           // no longer in the scheduler's table
};

}  // namespace signpost::delivery
