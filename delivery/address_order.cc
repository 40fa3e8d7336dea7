#include "delivery/address_order.h"

#include <iterator>
#include <utility>

namespace signpost::delivery {

namespace {

AddressOrder::Target taken_from(std::deque<AddressOrder::Target>& targets) {
  AddressOrder::Target first = std::move(targets.front());
  targets.pop_front();
  return first;
}

}  // namespace

AddressOrder::AddressOrder(std::vector<NextHop::Host> hosts)
    : hosts_(std::make_move_iterator(hosts.begin()), std::make_move_iterator(hosts.end())) {
  if (!hosts_.empty()) host_.rank = hosts_.front().rank;
}

// Ranks have consecutive numbers: one try is kept for each of the remaining ones.
bool AddressOrder::may_try_another() const {
  const std::size_t ranks_left = hosts_.empty() ? 0 : hosts_.back().rank - host_.rank;
  return !rank_tried_ || tried_ + ranks_left < kMostTargets;
}

void AddressOrder::give_up_rank() {
  targets_.clear();
  while (!hosts_.empty() && hosts_.front().rank == host_.rank) hosts_.pop_front();
}

AddressOrder::Step AddressOrder::next() {
  if (!may_try_another()) give_up_rank();
  if (!targets_.empty()) {
    ++tried_;
    rank_tried_ = true;
    return {taken_from(targets_), std::nullopt};
  }
  if (!hosts_.empty()) {
    if (hosts_.front().rank != host_.rank) rank_tried_ = false;
    host_ = std::move(hosts_.front());
    hosts_.pop_front();
    return {std::nullopt, host_.name};
  }
  if (dead_.empty() || tried_ >= kMostTargets) return {};
  ++tried_;
  return {taken_from(dead_), std::nullopt};
}

void AddressOrder::add(Target target, bool was_dead) {
  (was_dead ? dead_ : targets_).push_back(std::move(target));
}

}  // namespace signpost::delivery
