#include "delivery/hop_order.h"

#include <algorithm>

namespace signpost::delivery {

std::vector<std::size_t> order_of(const std::vector<RouteHop>& hops,
                                  const std::function<double()>& die) {
  std::vector<std::size_t> left;
  std::vector<std::size_t> order;
  std::uint64_t weight = 0;  // of those left
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (hops[i].to.weight > 0) left.push_back(i);
    weight += hops[i].to.weight;
  }
  while (!left.empty()) {
    auto drawn = static_cast<std::uint64_t>(die() * static_cast<double>(weight));
    auto chosen = left.begin();
    while (chosen + 1 != left.end() && drawn >= hops[*chosen].to.weight) {
      drawn -= hops[*chosen++].to.weight;
    }
    weight -= hops[*chosen].to.weight;
    order.push_back(*chosen);
    left.erase(chosen);
  }
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (hops[i].to.weight == 0) order.push_back(i);
  }
  return order;
}

}  // namespace signpost::delivery
