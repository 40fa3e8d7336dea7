// Whether a stored job is one that a JobFilter means: what the engines share.
#pragma once

#include "queue/store.h"

namespace signpost::queue {

// By what the job itself says: everything but login and sender.
bool job_matches(const JobFilter& filter, const Job& job);
// By what its message says: login and sender.
bool envelope_matches(const JobFilter& filter, const Envelope& envelope);

}  // namespace signpost::queue
