#include "auth/check_line.h"

#include "base/check.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace signpost::auth {

bool CheckLine::join(const PasswordCache::Key& key, Asker& asker) {
  const auto equal =
      std::ranges::find_if(places_, [&](const auto& place) { return place->check.key == key; });
  if (equal == places_.end()) return false;
  Place& place = **equal;
  place.known |= asker.known;
  place.check.askers.push_back(std::move(asker));
  return true;
}

std::size_t CheckLine::waiting_of(const std::string& client) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      places_, [&](const auto& place) { return !place->running && place->client == client; }));
}

std::size_t CheckLine::waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(places_, [](const auto& place) { return !place->running; }));
}

// After the client's own other checks, and otherwise with those whose turn it is now.
std::size_t CheckLine::turn_of(const std::string& client) const {
  std::size_t turn = turn_;
  for (const auto& place : places_) {
    if (place->client == client) turn = std::max(turn, place->turn + 1);
  }
  return turn;
}

// The last one of the stranger with most checks in the line, if that is more than one; else the
// end.
CheckLine::Places::iterator CheckLine::last_of_the_longest() {
  std::unordered_map<std::string_view, std::size_t> lengths;
  std::size_t most = 1;
  auto last = places_.end();
  for (auto place = places_.begin(); place != places_.end(); ++place) {
    if ((*place)->running || (*place)->known) continue;
    const std::size_t length = ++lengths[(*place)->client];
    if (length <= most) continue;
    most = length;
    last = place;
  }
  return last;
}

std::vector<Asker> CheckLine::take(Places::iterator place) {
  std::vector<Asker> askers = std::move((*place)->check.askers);
  places_.erase(place);
  return askers;
}

std::vector<Asker> CheckLine::add(PasswordCheck check, SteadyTime now) {
  CHECK(check.askers.size() == 1);
  const Asker& asker = check.askers.front();
  std::string client = asker.client.client_prefix().text();
  const bool known = asker.known;
  const std::size_t failures = asker.failures;
  const std::size_t of_client = waiting_of(client);
  if (of_client >= limits_.waiting_per_client) return std::move(check.askers);
  std::vector<Asker> displaced;
  if (waiting() >= (known ? limits_.waiting : limits_.waiting - limits_.kept)) {
    const auto longest = last_of_the_longest();
    const bool fair = longest != places_.end() && (known || of_client == 0);
    if (!fair) return std::move(check.askers);
    displaced = take(longest);
  }
  const std::size_t turn = std::max(turn_of(client), turn_ + failures);
  places_.push_back(
      std::make_unique<Place>(Place{std::move(check), std::move(client), known, false, turn, now}));
  return displaced;
}

PasswordCheck* CheckLine::next(SteadyTime now, std::vector<Asker>& given_up) {
  for (auto place = places_.begin(); place != places_.end();) {
    if ((*place)->running || now - (*place)->since < limits_.patience) {
      ++place;
      continue;
    }
    const auto at = place - places_.begin();
    std::ranges::move(take(place), std::back_inserter(given_up));
    place = places_.begin() + at;
  }
  std::unordered_map<std::string_view, std::size_t> running;
  for (const auto& place : places_) {
    if (place->running) ++running[place->client];
  }
  Place* first = nullptr;
  for (const auto& place : places_) {
    if (place->running) continue;
    const auto own = running.find(place->client);
    if (own != running.end() && own->second >= limits_.running_per_client) continue;
    const auto sooner = [](const Place& a, const Place& b) {
      return std::pair(!a.known, a.turn) < std::pair(!b.known, b.turn);
    };
    if (first == nullptr || sooner(*place, *first)) first = place.get();
  }
  if (first == nullptr) return nullptr;
  first->running = true;
  turn_ = std::max(turn_, first->turn);
  return &first->check;
}

std::vector<Asker> CheckLine::end(const PasswordCheck& check) {
  const auto place =
      std::ranges::find_if(places_, [&](const auto& other) { return &other->check == &check; });
  CHECK(place != places_.end() && (*place)->running);
  return take(place);
}

}  // namespace signpost::auth
