#include "delivery/site.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

namespace {

std::size_t sum(const std::vector<Exit>& exits, std::size_t (ConnectionBudget::*count)() const) {
  std::size_t all = 0;
  for (const Exit& exit : exits) all += (exit.connections.*count)();
  return all;
}

}  // namespace

Site::Site(NextHop next_hop, std::size_t workers) : hop(std::move(next_hop)) {
  exits.resize(hop.sources.size(), Exit(workers));
  for (Exit& exit : exits) exit.connections.set_limit(hop.connections);
}

std::size_t Site::open() const { return sum(exits, &ConnectionBudget::open); }

std::size_t Site::connected() const { return sum(exits, &ConnectionBudget::connected); }

std::size_t Site::connecting() const { return sum(exits, &ConnectionBudget::connecting); }

std::size_t Site::connection_limit() const { return sum(exits, &ConnectionBudget::limit); }

bool Site::is_full() const {
  return std::ranges::all_of(exits, [](const Exit& exit) { return exit.connections.full(); });
}

bool Site::is_failing() const {
  const auto works = [](const Exit& exit) { return !exit.is_spent() && !exit.back_off.failing(); };
  const auto fails = [](const Exit& exit) { return exit.back_off.failing(); };
  return std::ranges::none_of(exits, works) && std::ranges::any_of(exits, fails);
}

bool Site::may_try(SteadyTime now) const { return now >= next_try(); }

bool Site::is_at_rest(SteadyTime now) const {
  return std::ranges::all_of(exits, [&](const Exit& exit) { return exit.back_off.may_try(now); });
}

SteadyTime Site::next_try() const { return trouble().not_before(); }

const BackOff& Site::trouble() const {
  const bool fails = is_failing();
  const Exit* first = nullptr;
  for (const Exit& exit : exits) {
    if (fails && !exit.back_off.failing()) continue;  // spent
    if (first == nullptr || exit.back_off.not_before() < first->back_off.not_before())
      first = &exit;
  }
  return first->back_off;
}

bool Site::has_hope_beside(const Exit& exit) const {
  return std::ranges::any_of(exits, [&](const Exit& each) {
    return &each != &exit && !each.back_off.failing() &&
           (each.connections.open() > 0 || !each.is_spent());
  });
}

bool Site::is_refused_beside(const Exit& exit) const {
  return std::ranges::all_of(exits, [&](const Exit& each) {
    return &each == &exit ||
           (each.back_off.failing() && each.back_off.why().outcome == Outcome::Failed);
  });
}

Exit* Site::exit_with(const Allowance& allowance) {
  const auto found = std::ranges::find_if(
      exits, [&](const Exit& exit) { return exit.allowance.get() == &allowance; });
  return found == exits.end() ? nullptr : &*found;
}

}  // namespace signpost::delivery
