#include "delivery/lane_queue.h"

namespace signpost::delivery {

void LaneQueue::add(Lane& lane, const LaneShare& share) {
  auto found = by_name_.find(share.owner);
  if (found == by_name_.end()) {
    const auto owner = owners_.insert(owners_.end(), Owner{share.owner, {}});
    found = by_name_.emplace(owner->name, owner).first;
  }
  found->second->lanes[share.rank].push_back(&lane);
  ++size_;
}

Lane* LaneQueue::first() const {
  return owners_.empty() ? nullptr : owners_.front().lanes.begin()->second.front();
}

Lane* LaneQueue::take() {
  if (owners_.empty()) return nullptr;
  const auto owner = owners_.begin();
  const auto lanes = owner->lanes.begin();
  Lane* const lane = lanes->second.front();
  lanes->second.pop_front();
  --size_;
  if (lanes->second.empty()) owner->lanes.erase(lanes);
  if (owner->lanes.empty()) {
    by_name_.erase(owner->name);
    owners_.erase(owner);
  } else {
    owners_.splice(owners_.end(), owners_, owner);
  }
  return lane;
}

void LaneQueue::take_all(std::deque<Lane*>& lanes) {
  while (Lane* const lane = take()) lanes.push_back(lane);
}

}  // namespace signpost::delivery
