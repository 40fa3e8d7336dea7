// Whether a stored job matches a JobFilter: shared by the engines.
#pragma once

#include "queue/store.h"

namespace signpost::queue {

// By the job's own fields: everything but login and sender.
bool job_matches(const JobFilter& filter, const Job& job);
// Whether `filter` selects this recipient of a job that matches: all of them, unless it names a
// mailbox.
bool recipient_matches(const JobFilter& filter, const Recipient& recipient);
// By its message's fields: login and sender.
bool envelope_matches(const JobFilter& filter, const Envelope& envelope);

}  // namespace signpost::queue
