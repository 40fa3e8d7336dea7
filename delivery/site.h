// One receiver as delivery sees it: a set of MX hosts, or the host of a route. The mail of all
// lanes that go there shares its exits, with their connections, limits and back-off.
#pragma once

#include "delivery/attempt_facts.h"
#include "delivery/exit.h"
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

// A job that was put off because its receiver could not be reached, or was lost in the middle of
// it.
struct PutOff {
  queue::JobRef ref;
  std::uint32_t attempts = 0;  // as it is stored from then on
  std::string account;         // of its lane
  // When it is tried again anyway; in the past until it is known to be stored like this.
  SystemTime due = SystemTime::min();
};

// A site has not been reached since its first failed connection.
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
  Site(NextHop next_hop, std::size_t workers);

  // Of all exits.
  std::size_t open() const;
  std::size_t connected() const;
  std::size_t connecting() const;
  std::size_t connection_limit() const;
  bool is_full() const;                   // none may open a connection of its own
  bool is_failing() const;                // all of them back off that may send today
  bool may_try(SteadyTime now) const;     // one of them may
  bool is_at_rest(SteadyTime now) const;  // the back-off of none lasts
  SteadyTime next_try() const;            // when the first may
  const BackOff& trouble() const;         // of the one that may be tried first
  // Another exit may show yet that the receiver takes mail.
  bool has_hope_beside(const Exit& exit) const;
  // All others were refused for good.
  bool is_refused_beside(const Exit& exit) const;
  // The one with this allowance; null: the site has moved to another.
  Exit* exit_with(const Allowance& allowance);

  NextHop hop;
  JobLine line;
  std::vector<Exit> exits;  // one for each of the hop's sources, which do not change
  std::optional<Absence> absence;
  // Of an absence that there is no order about yet: why, and whose job's turn it was.
  struct FirstFailure {
    Disposition why;
    AttemptFacts facts;
    queue::Lane lane;
  };
  std::optional<FirstFailure> first_failure;
  std::vector<PutOff> put_off;  // of the present trouble, the latest; they go when it is over
  SitePausePtr pause;           // no job is taken, no connection opened; null: not paused
  SteadyTime crowded_until{};   // no connection is opened before: its addresses have enough
  std::optional<net::IpAddress> waits_at;  // for a place at that address
  bool invited = false;                    // one is free there, for one connection
  std::size_t reading = 0;                 // jobs that reads under way may bring
  LaneQueue parked;                        // after the line: more lanes than can be read soon
  std::deque<Lane*> stale;                 // parked with routes of a former configuration
  SteadyTime next_look{};                  // for overdue jobs in the line
  bool hungry = false;                     // waits for memory to read more
  bool early = true;       // may begin a transaction before the reply to the previous one
  bool forgotten = false;  // no longer in the scheduler's table
};

}  // namespace signpost::delivery
