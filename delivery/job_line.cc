#include "delivery/job_line.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

void JobLine::add(LaneTurn& lane, const LaneShare& share) {
  CHECK(lane.owner_ == nullptr);
  const auto found = owners_.try_emplace(share.owner).first;
  lane.name_ = &found->first;
  lane.owner_ = &found->second;
  lane.rank_ = share.rank;
  ++lane.owner_->lanes;
}

void JobLine::update(LaneTurn& lane) {
  OwnerTurn& owner = *lane.owner_;
  jobs_ += lane.jobs.size() - lane.counted_;
  lane.counted_ = lane.jobs.size();

  const bool ready = !lane.jobs.empty();
  put(owner.ready, ready_, lane, lane.ready_, ready);
  const bool unread = lane.stored && !lane.reading && lane.jobs.size() <= kFew;
  put(owner.unread, unread_, lane, lane.unread_, unread);

  const bool busy = ready || lane.stored || lane.reading;
  owner.busy += busy ? 1 : 0;
  owner.busy -= std::exchange(lane.is_busy_, busy) ? 1 : 0;
  settle(owner);
}

void JobLine::remove(LaneTurn& lane) {
  OwnerTurn& owner = *lane.owner_;
  put(owner.ready, ready_, lane, lane.ready_, false);
  put(owner.unread, unread_, lane, lane.unread_, false);
  jobs_ -= std::exchange(lane.counted_, 0);
  if (std::exchange(lane.is_busy_, false)) --owner.busy;
  settle(owner);
  lane.owner_ = nullptr;
  const std::string& name = *std::exchange(lane.name_, nullptr);
  if (--owner.lanes == 0) owners_.erase(owners_.find(name));
}

void JobLine::put(LaneTurns& turns, std::size_t& count, LaneTurn& lane,
                  std::optional<LaneTurns::iterator>& place, bool belongs) {
  if (belongs == place.has_value()) return;
  if (belongs) {
    place = turns.emplace(next_turn(lane), &lane).first;
    ++count;
  } else {
    turns.erase(*std::exchange(place, {}));
    --count;
  }
}

void JobLine::put(Owners& owners, OwnerTurn& owner, std::optional<OwnerTurn::Place>& place,
                  bool belongs) {
  if (belongs == place.has_value()) return;
  if (belongs) {
    place = owners.insert(owners.end(), &owner);
  } else {
    owners.erase(*std::exchange(place, {}));
  }
}

// After a change of one of its lanes.
void JobLine::settle(OwnerTurn& owner) {
  const bool ready = !owner.ready.empty();
  const bool unread = !owner.unread.empty();
  put(ready_owners_, owner, owner.is_ready, ready);
  put(unread_owners_, owner, owner.is_unread, unread);
  put(urgent_owners_, owner, owner.is_urgent,
      ready && unread && owner.unread.begin()->first.rank > owner.ready.begin()->first.rank);
  // An owner that leaves starts afresh: neither credit nor debt outlives its work.
  if (owner.busy == 0) owner.deficit = 0;
}

std::optional<JobLine::Taken> JobLine::take() {
  if (ready_owners_.empty()) return std::nullopt;
  // This ends, since each round gives every owner a quantum.
  while (ready_owners_.size() > 1 && ready_owners_.front()->deficit <= 0) {
    ready_owners_.front()->deficit += kQuantum;
    ready_owners_.splice(ready_owners_.end(), ready_owners_, ready_owners_.begin());
  }
  OwnerTurn& owner = *ready_owners_.front();
  LaneTurn& lane = *owner.ready.begin()->second;
  Taken taken{std::move(lane.jobs.front()), &lane};
  lane.jobs.pop_front();
  // An owner on its own owes nothing; beside others it waits until a large message is paid off.
  const auto recipients = static_cast<std::int64_t>(taken.job.job.recipients.size());
  owner.deficit = ready_owners_.size() == 1 ? 0 : owner.deficit - recipients;
  if (owner.ready.size() > 1 && !lane.jobs.empty()) {  // behind its equals
    auto turn = owner.ready.extract(*lane.ready_);
    turn.key() = next_turn(lane);
    lane.ready_ = owner.ready.insert(std::move(turn)).position;
  }
  update(lane);
  return taken;
}

LaneTurn* JobLine::next_unread() {
  if (unread_owners_.empty()) return nullptr;
  OwnerTurn& owner = urgent_owners_.empty() ? *unread_owners_.front() : *urgent_owners_.front();
  LaneTurn& lane = *owner.unread.begin()->second;
  owner.unread.erase(*std::exchange(lane.unread_, {}));
  --unread_;
  unread_owners_.splice(unread_owners_.end(), unread_owners_, *owner.is_unread);
  settle(owner);
  return &lane;
}

bool JobLine::goes_early(const LaneTurn& lane) const {
  if (!lane.unread_) return false;
  const LaneTurns& ready = lane.owner_->ready;
  const LaneTurns& unread = lane.owner_->unread;
  return unread.begin()->second == &lane || unread.rbegin()->first.rank < lane.rank_ ||
         (!ready.empty() && ready.rbegin()->first.rank < lane.rank_);
}

const LaneTurn* JobLine::first() const {
  if (const LaneTurn* const lane = any_ready()) return lane;
  return unread_owners_.empty() ? nullptr : unread_owners_.front()->unread.begin()->second;
}

LaneTurn* JobLine::any_ready() const {
  return ready_owners_.empty() ? nullptr : ready_owners_.front()->ready.begin()->second;
}

std::vector<LaneShare> JobLine::owners(std::size_t most) const {
  std::vector<LaneShare> found;
  const auto add = [&](const OwnerTurn& owner) {
    const LaneTurns& best = owner.ready.empty() ? owner.unread : owner.ready;
    int rank = best.begin()->first.rank;
    if (!owner.unread.empty()) rank = std::max(rank, owner.unread.begin()->first.rank);
    found.push_back({*best.begin()->second->name_, rank});
  };
  for (const OwnerTurn* const owner : ready_owners_) {
    if (found.size() == most) return found;
    add(*owner);
  }
  for (const OwnerTurn* const owner : unread_owners_) {
    if (found.size() == most) return found;
    if (owner->ready.empty()) add(*owner);
  }
  return found;
}

LaneShare JobLine::first_share() const {
  const LaneTurn* const lane = first();
  return {*lane->name_, lane->rank_};
}

void JobLine::go_first(const std::string& owner) {
  const auto found = owners_.find(owner);
  if (found == owners_.end() || !found->second.is_ready) return;
  found->second.deficit = std::max<std::int64_t>(found->second.deficit, 1);
  ready_owners_.splice(ready_owners_.begin(), ready_owners_, *found->second.is_ready);
}

std::vector<const LaneTurn*> JobLine::lanes(LaneTurns OwnerTurn::* which) const {
  std::vector<const LaneTurn*> found;
  for (const OwnerTurn* const owner : which == &OwnerTurn::ready ? ready_owners_ : unread_owners_) {
    for (const auto& [order, lane] : owner->*which) found.push_back(lane);
  }
  return found;
}

}  // namespace signpost::delivery
