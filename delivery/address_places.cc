#include "delivery/address_places.h"

#include "base/check.h"
#include "delivery/allowance.h"

namespace signpost::delivery {

bool AddressPlaces::take(const net::IpAddress& address, std::size_t limit) {
  Place& place = places_[address.client_prefix()];
  if (place.open > 0 && place.open >= limit) return false;
  ++place.open;
  return true;
}

void AddressPlaces::give_back(const net::IpAddress& address) {
  const auto place = places_.find(address.client_prefix());
  CHECK(place != places_.end() && place->second.open > 0);
  --place->second.open;
  if (place->second.leaving > 0) --place->second.leaving;
  forget_unused(place);
}

SiteTurns& AddressPlaces::waiting(const net::IpAddress& address) {
  const auto place = places_.find(address.client_prefix());
  CHECK(place != places_.end());
  return place->second.waiting;
}

bool AddressPlaces::is_wanted(const net::IpAddress& address) const {
  const auto place = places_.find(address.client_prefix());
  return place != places_.end() && !place->second.waiting.empty();
}

bool AddressPlaces::must_yield(const net::IpAddress& address, const Site& site,
                               std::size_t messages, const LaneShare& mail) const {
  const auto place = places_.find(address.client_prefix());
  if (place == places_.end()) return false;
  const SiteTurns& waiting = place->second.waiting;
  const std::size_t others = waiting.size() - (waiting.contains(site) ? 1 : 0);
  if (others <= place->second.leaving) return false;
  return messages >= Allowance::kTurn || waiting.goes_before(mail);
}

void AddressPlaces::leaves(const net::IpAddress& address) {
  const auto place = places_.find(address.client_prefix());
  CHECK(place != places_.end());
  ++place->second.leaving;
}

std::optional<SiteTurns::Turn> AddressPlaces::next(const net::IpAddress& address) {
  const auto place = places_.find(address.client_prefix());
  if (place == places_.end()) return std::nullopt;
  auto turn = place->second.waiting.take();
  forget_unused(place);
  return turn;
}

void AddressPlaces::forget_unused(Places::iterator place) {
  if (place->second.open == 0 && place->second.waiting.empty()) places_.erase(place);
}

}  // namespace signpost::delivery
