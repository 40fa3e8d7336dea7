// Whose turn a lane's mail takes at a receiver, and when within that turn.
#pragma once

#include "queue/lane.h"
#include "relay/settings.h"

#include <functional>
#include <string>

namespace signpost::delivery {

struct LaneShare {
  std::string
      owner;     // a tenant, a login or a client: owners take turns, whatever they have waiting
  int rank = 0;  // of an owner's lanes the one with the highest goes first
};

using LaneShares = std::function<LaneShare(const queue::Lane&)>;

// By the class and the tenant of the lane's login, then by the priority that its sender asked for:
// a login of bulk mail cannot get before its tenant's other mail with MT-PRIORITY (RFC 6710). Pure.
LaneShare share_of(const relay::Settings& settings, const queue::Lane& lane);

}  // namespace signpost::delivery
