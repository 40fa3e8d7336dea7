// What goes into the scheduler besides mail, and what comes out of it.
#pragma once

#include "base/clock.h"
#include "delivery/attempt_facts.h"
#include "delivery/disposition.h"
#include "delivery/pending_job.h"
#include "delivery/site.h"
#include "queue/lane.h"
#include "queue/store.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace signpost::delivery {

struct SchedulerLimits {
  std::size_t in_memory = 30'000;  // jobs in all lines together
  std::size_t line = 20'000;       // fresh jobs in one line
  std::size_t look_ups = 500;      // under way
  std::size_t lanes = 100'000;     // kept for a minute although nothing waits in them
};

// The current time, as the scheduler needs it.
struct SchedulerNow {
  SteadyTime steady;
  SystemTime schedule;  // by the clock of schedules
  double dice = 0;      // in [0, 1)
};

using SitePtr = std::shared_ptr<Site>;

// What the caller must do after the scheduler has answered; none of it needs a lock.
struct Orders {
  struct Open {  // a connection, reserved for `worker`: it ends with connection_ended()
    SitePtr site;
    std::size_t worker = 0;
    std::size_t exit = 0;  // of the site
    std::string account;   // whose turn it is at that site
  };
  struct Wake {
    SitePtr site;
    SessionRef session;
  };
  struct Read {  // Store::claim_due(), then rows()
    queue::Lane lane;
    queue::LanePosition from;
    SystemTime until;
    std::size_t limit = 0;
  };
  struct Settle {  // a failed try: a connection that never became ready, or a look-up
    PendingJob job;
    Disposition why;
    AttemptFacts facts;
  };
  struct Overdue {  // jobs that wait too long in a lane that cannot be served: see Delivery
    queue::Lane lane;
    SystemTime until;
    Disposition why;
  };

  // To be logged: a receiver cannot be reached since now, or can again. Once for each change,
  // however often it is tried meanwhile, and however much waits for it.
  struct Away {
    std::string site;                // NextHop::key
    std::vector<queue::Lane> lanes;  // that wait for it, as many as are worth counting
    Disposition why;
    AttemptFacts facts;
  };
  struct Back {
    std::string site;
    std::vector<queue::Lane> lanes;
    std::chrono::seconds after{};
    std::uint64_t attempts = 0;  // failed connections
  };

  std::vector<queue::Lane> look_up;  // then routed() or unroutable()
  std::vector<Open> open;
  std::vector<Wake> wake;
  std::vector<Read> read;
  std::vector<Settle> settle;
  std::vector<Overdue> overdue;
  // Put off because a receiver was down that is back now: those stored like this are claimed,
  // then recalled().
  std::vector<PutOff> recall;
  // They wait in the store again: their claims end, then waits() is called for each, since a read
  // on another thread may have skipped them meanwhile.
  std::vector<PendingJob> released;
  std::vector<Away> away;
  std::vector<Back> back;
  std::vector<std::string> resumed;  // sites and groups whose pause is over, to be logged

  bool empty() const {
    return look_up.empty() && open.empty() && wake.empty() && read.empty() && settle.empty() &&
           overdue.empty() && recall.empty() && released.empty() && away.empty() && back.empty() &&
           resumed.empty();
  }
};

}  // namespace signpost::delivery
