#include "delivery/report_desk.h"

#include <algorithm>

namespace signpost::delivery {

std::chrono::seconds report_delay(unsigned round) {
  constexpr std::chrono::seconds kFirst{5};
  constexpr std::chrono::seconds kLongest{600};
  constexpr unsigned kGrowing = 4;  // rounds until the longest
  if (round >= kGrowing) return kLongest;
  return std::min(kLongest, kFirst * (1 << (2 * round)));
}

}  // namespace signpost::delivery
