#include "delivery/site_turns.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

void SiteTurns::add(const std::shared_ptr<Site>& site, const LaneShare& mail, bool ready) {
  const Order order{mail.rank, ready, ++turns_};
  std::vector<Place>& places = waiting_[site.get()];
  const auto same =
      std::ranges::find(places, mail.owner, [](const Place& place) { return place.owner->name; });
  if (same != places.end()) {
    if (!order.is_before(same->order)) return;
    auto moved = same->owner->sites.extract(same->order);
    moved.key() = same->order = order;
    same->owner->sites.insert(std::move(moved));
    return;
  }
  if (places.size() >= kMostOwners) return;
  auto known = by_name_.find(mail.owner);
  if (known == by_name_.end()) {
    owners_.push_back({mail.owner, {}});
    const auto owner = std::prev(owners_.end());
    known = by_name_.emplace(owner->name, owner).first;
  }
  known->second->sites.emplace(order, site);
  places.push_back({known->second, order});
}

void SiteTurns::leave(const Place& place) {
  place.owner->sites.erase(place.order);
  if (!place.owner->sites.empty()) return;
  by_name_.erase(place.owner->name);
  owners_.erase(place.owner);
}

void SiteTurns::remove(const Site& site) {
  const auto found = waiting_.find(&site);
  if (found == waiting_.end()) return;
  for (const Place& place : found->second) leave(place);
  waiting_.erase(found);
}

void SiteTurns::clear() {
  by_name_.clear();
  owners_.clear();
  waiting_.clear();
}

std::optional<SiteTurns::Turn> SiteTurns::take() {
  if (owners_.empty()) return std::nullopt;
  owners_.splice(owners_.end(), owners_, owners_.begin());
  Turn turn{owners_.back().sites.begin()->second, owners_.back().name};
  remove(*turn.site);
  return turn;
}

void SiteTurns::give_back_turn(const std::string& owner) {
  const auto found = by_name_.find(owner);
  if (found != by_name_.end()) owners_.splice(owners_.begin(), owners_, found->second);
}

std::shared_ptr<Site> SiteTurns::first() const {
  return owners_.empty() ? nullptr : owners_.front().sites.begin()->second;
}

bool SiteTurns::goes_before(const LaneShare& mail) const {
  const auto owner = by_name_.find(mail.owner);
  return owner != by_name_.end() && owner->second->sites.begin()->first.rank > mail.rank;
}

}  // namespace signpost::delivery
