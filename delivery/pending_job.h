// A claimed job on its way: in a line or in a delivery session.
#pragma once

#include "queue/envelope.h"

#include <memory>

namespace signpost::delivery {

class OutgoingMessage;

// Without a message its content is in the store only.
struct PendingJob {
  queue::Job job;
  std::shared_ptr<OutgoingMessage> message;
  // Transactions that its site was charged with for it.
  std::size_t tokens = 0;
};

}  // namespace signpost::delivery
