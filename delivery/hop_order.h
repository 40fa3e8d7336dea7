// In which order an attempt tries the next hops of a route.
#pragma once

#include "delivery/route_hop.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace signpost::delivery {

// The indexes of `hops`. Each place is drawn from those that are left, with a chance in proportion
// to their weights; those of weight 0 follow as they are written. `die`: a number in [0, 1).
std::vector<std::size_t> order_of(const std::vector<RouteHop>& hops,
                                  const std::function<double()>& die);

}  // namespace signpost::delivery
