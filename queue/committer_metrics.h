// What the committer counts.
#pragma once

#include "metrics/instruments.h"

namespace signpost::queue::metric {

inline constexpr metrics::Description kCommitSeconds = {
    "signpost_queue_commit_seconds",
    "How long does one synced write of the queue take? Every accepted message waits for one: "
    "investigate above 0.1 s."};
inline constexpr metrics::Description kCommitMessages = {
    "signpost_queue_commit_messages",
    "How many changes (a message accepted, delivered or deferred) shared one synced write? Grows "
    "with the load; at 1024 the disk no longer keeps up."};

}  // namespace signpost::queue::metric
