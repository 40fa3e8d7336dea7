// Turns the outcome of an attempt into one change of the queue.
#pragma once

#include "base/clock.h"
#include "delivery/attempt_facts.h"
#include "delivery/disposition.h"
#include "delivery/notification.h"
#include "queue/envelope.h"
#include "relay/settings.h"

#include <optional>
#include <vector>

namespace signpost::delivery {

struct SettlementTime {
  SystemTime system;    // for people and for the age of the message
  SystemTime schedule;  // by the clock of schedules, which may be ahead
  double dice = 0;      // in [0, 1), stretches the delay
};

// What the attempt means for one recipient.
struct RecipientSettlement {
  Disposition disposition;
  bool expired = false;  // given up for its age: `disposition` is Failed
};

// A recipient leaves the queue only together with the notification that reports it.
struct Settlement {
  std::vector<RecipientSettlement> recipients;  // in the order of the job's
  std::optional<queue::Job> after;              // what is left of the job; nothing: it is removed
  std::optional<SystemTime> next_attempt;       // of `after`, by the system's clock
  bool changed = true;                          // false: `after` equals the job, nothing to store
  Notifications notifications;                  // still to be built

  // Jobs that wait long keep only as much of a reply as a report shows.
  void shorten_replies();
};

// Pure. `dispositions[i]` is that of the job's i-th recipient. Delayed recipients are kept until
// the retry schedule says that the message is too old: then they fail as expired. A job that was
// not tried keeps its due time and its number of attempts; only its age matters. The same holds for
// what is left of an unfinished attempt or of a held job, whatever its age.
// `envelope` and `settings` must outlive the settlement.
Settlement settle(const queue::Job& job, const queue::Envelope& envelope,
                  std::vector<Disposition> dispositions, const AttemptFacts& facts,
                  const relay::Settings& settings, const SettlementTime& time);

}  // namespace signpost::delivery
