// How long a message may wait: by the configuration's schedule, and by what its sender asked for.
#pragma once

#include "base/clock.h"
#include "queue/envelope.h"
#include "queue/retry_schedule.h"

#include <cstdint>
#include <optional>

namespace signpost::delivery {

// All pure, by the system's clock.

// When the message is given up: retry.expire after it was sent, or at a deadline after which it
// must be returned (RFC 2852).
SystemTime give_up_time(const queue::Envelope& envelope, const queue::RetrySchedule& retry);

// Whether its sender is to learn now that `job` is delayed. A sender that asked for word at a
// deadline gets it then, and not at the schedule's time.
bool notice_due(const queue::Envelope& envelope, const queue::Job& job,
                const queue::RetrySchedule& retry, SystemTime now);

// The time of the attempt that follows the `attempts`-th, which was made `now`; nothing when the
// message is given up instead. Before a deadline attempts come at shorter intervals. `fraction`:
// see RetrySchedule.
std::optional<SystemTime> next_attempt(const queue::Envelope& envelope,
                                       const queue::RetrySchedule& retry, SystemTime now,
                                       std::uint32_t attempts, double fraction);

}  // namespace signpost::delivery
