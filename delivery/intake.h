// How mail enters delivery.
#pragma once

#include "queue/envelope.h"

#include <memory>
#include <vector>

namespace signpost::delivery {

// Belongs to one worker; its thread only.
class Intake {
 public:
  virtual ~Intake() = default;

  // Takes ready jobs that have just been stored with their message, and with them the caller's
  // claims. Jobs that delivery has no room for stay in the store, to be read when their turn comes.
  virtual void stored(std::shared_ptr<const queue::Message> message,
                      std::vector<queue::Job> jobs) = 0;
};

}  // namespace signpost::delivery
