#include "delivery/address_places.h"

#include "base/check.h"

#include <utility>

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
  forget_unused(place);
}

void AddressPlaces::wait(const net::IpAddress& address, std::shared_ptr<Site> site) {
  const auto place = places_.find(address.client_prefix());
  CHECK(place != places_.end());
  place->second.waiting.push_back(std::move(site));
}

bool AddressPlaces::is_wanted(const net::IpAddress& address) const {
  const auto place = places_.find(address.client_prefix());
  return place != places_.end() && !place->second.waiting.empty();
}

std::shared_ptr<Site> AddressPlaces::next(const net::IpAddress& address) {
  const auto place = places_.find(address.client_prefix());
  if (place == places_.end() || place->second.waiting.empty()) return nullptr;
  std::shared_ptr<Site> site = std::move(place->second.waiting.front());
  place->second.waiting.pop_front();
  forget_unused(place);
  return site;
}

void AddressPlaces::forget_unused(Places::iterator place) {
  if (place->second.open == 0 && place->second.waiting.empty()) places_.erase(place);
}

}  // namespace signpost::delivery
