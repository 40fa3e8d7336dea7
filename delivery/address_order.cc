#include "delivery/address_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace signpost::delivery {

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
  slow_.clear();
  while (!ends_rank()) hosts_.pop_front();
}

// The first one of the other family than the one before; else the first.
AddressOrder::Step AddressOrder::take(std::deque<Target>& targets) {
  const auto is_other = [this](const Target& each) { return each.address.is_v6() != last_was_v6_; };
  auto chosen = std::ranges::find_if(targets, is_other);
  if (chosen == targets.end()) chosen = targets.begin();
  Target target = std::move(*chosen);
  targets.erase(chosen);
  last_was_v6_ = target.address.is_v6();
  ++tried_;
  return {std::move(target), std::nullopt};
}

AddressOrder::Step AddressOrder::next() {
  if (!may_try_another()) give_up_rank();
  if (!targets_.empty() || (ends_rank() && !slow_.empty())) {
    rank_tried_ = true;
    return take(targets_.empty() ? slow_ : targets_);
  }
  if (!hosts_.empty()) {
    if (hosts_.front().rank != host_.rank) rank_tried_ = false;
    host_ = std::move(hosts_.front());
    hosts_.pop_front();
    return {std::nullopt, host_.name};
  }
  if (dead_.empty() || tried_ >= kMostTargets) return {};
  return take(dead_);
}

void AddressOrder::add(Target target, Standing standing) {
  switch (standing) {
    case Standing::Good:
      targets_.push_back(std::move(target));
      return;
    case Standing::Slow:
      slow_.push_back(std::move(target));
      return;
    case Standing::Dead:
      target.is_dead = true;
      dead_.push_back(std::move(target));
      return;
  }
}

}  // namespace signpost::delivery
