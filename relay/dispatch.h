// The way of a job from the queue to a destination.
#pragma once

#include "relay/outgoing_message.h"
#include "relay/worker.h"

#include <chrono>
#include <functional>
#include <optional>

namespace signpost::relay {

// The worker's thread. Gives a claimed job (active_jobs.h) to its destination, opening or waking a
// connection as its limits allow; a job that cannot wait there goes back to the due index.
void dispatch(Worker& worker, PendingJob job);

// After a destination let go of a connection: what is stranded is deferred or failed with
// `failure`, and the next connection is opened if it says so.
void settle(Worker& worker, const std::shared_ptr<Destination>& destination,
            Destination::Ended ended, const std::optional<Disposition>& failure);

// Reads the envelope and content of `job` from the store, off the loop, then calls `then` on it.
// `then` is not called when the job is no longer what is stored (its claim is released), when
// memory has no room for it (it is put back for half a minute) or when the message cannot be read
// (it is put back for an hour and named in the log).
void load_message(Worker& worker, PendingJob job, std::function<void(PendingJob)> then);

// The version of a job that the store holds now. Blocks; any thread.
std::optional<queue::Job> stored_version(const queue::Store& store, const queue::JobRef& ref);

}  // namespace signpost::relay
