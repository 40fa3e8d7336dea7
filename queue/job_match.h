// Whether a stored job matches a JobFilter: shared by the engines.
#pragma once

#include "queue/store.h"

namespace signpost::queue {

// By what the job itself says: everything but login and reverse-path.
bool job_matches(const JobFilter& filter, const Job& job);
// Whether `filter` means this recipient of a job that matches: all of them, unless it names
// mailboxes.
bool recipient_matches(const JobFilter& filter, const Recipient& recipient);
// By what its message says: login and reverse-path.
bool envelope_matches(const JobFilter& filter, const Envelope& envelope);

}  // namespace signpost::queue
