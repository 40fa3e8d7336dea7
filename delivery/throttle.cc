#include "delivery/throttle.h"

#include <algorithm>
#include <cstdint>

namespace signpost::delivery {

bool Throttle::reduce(SteadyTime began, SteadyTime now) {
  const unsigned before = share(now);
  if (share_ < kWhole && began < reduced_) return false;
  share_ = std::max(1u, before / 2);
  reduced_ = now;
  return true;
}

unsigned Throttle::share(SteadyTime now) const {
  if (share_ == kWhole || now <= reduced_) return share_;
  const auto pauses = static_cast<std::uint64_t>((now - reduced_) / kPause);
  return static_cast<unsigned>(std::min<std::uint64_t>(kWhole, share_ + kStep * pauses));
}

}  // namespace signpost::delivery
