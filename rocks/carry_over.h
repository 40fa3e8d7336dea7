// A queue of format 1, whose index of waiting jobs was not ordered by lane, becomes one of format
// 2: docs/queue-format.md, "Carrying over".
#pragma once

#include "base/result.h"
#include "queue/envelope.h"
#include "rocks/options.h"
#include "rocks/rocks_database.h"

#include <string>

namespace signpost::rocks {

// Makes the queue in `directory` one of format 2 that is being carried over, in one synced write:
// from here on a program that knows format 1 refuses it. REQUIRES: its format is 1.
Result<void> begin_carry_over(const std::string& directory, const Options& options);

// Ends a carry-over that was begun, now or by an interrupted start: rewrites what is left of
// format 1 in batches, each of which is stored whole or not at all. Does nothing for other queues.
Result<void> finish_carry_over(Database& database, const Options& options);

// Gives a job of format 1 the lane and the due time that it has in format 2. `envelope`: nullptr
// when the message has no readable one.
void place_former_job(queue::Job& job, const queue::Envelope* envelope);

}  // namespace signpost::rocks
