// Makes a claimed job ready for a transaction: loads its message, and checks that its route still
// applies.
#pragma once

#include "delivery/pending_job.h"
#include "relay/context.h"

#include <functional>
#include <string>

namespace signpost::delivery {

// Why a job cannot go now.
enum class NotReady {
  NoMemory,    // no room for its content
  Unreadable,  // the store cannot read its message; `detail` says why
  Moved,       // the sender's route has changed since it was stored; `detail` is the new `via`
};

struct Loaded {
  PendingJob job;  // with its message, unless `problem`
  bool ready = false;
  NotReady problem = NotReady::NoMemory;
  std::string detail;
};

// The worker's thread. Calls `done`, at once if the message is in memory. Reads off the loop.
void load_message(relay::Context& context, PendingJob job, std::function<void(Loaded)> done);

}  // namespace signpost::delivery
