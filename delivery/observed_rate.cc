#include "delivery/observed_rate.h"

#include <algorithm>
#include <limits>

namespace signpost::delivery {

void ObservedRate::happened(SteadyTime now, std::uint64_t count) {
  if (now - last_ > kPause) {
    earlier_ = count_ = 0;
    began_ = from_ = now;
  } else if (now - from_ >= kWindow) {
    earlier_ = count_;
    began_ = from_;
    count_ = 0;
    from_ = now;
  }
  count_ += count;
  last_ = now;
}

config::Rate ObservedRate::rate(SteadyTime now) const {
  constexpr auto kMost = std::uint64_t{std::numeric_limits<std::uint32_t>::max()} / 64;
  const auto time = std::max<SteadyTime::duration>(now - began_, std::chrono::seconds(1));
  const double minutes = std::chrono::duration<double>(time) / std::chrono::minutes(1);
  const auto a_minute =
      static_cast<std::uint64_t>(static_cast<double>(earlier_ + count_) / minutes);
  return {static_cast<std::uint32_t>(std::clamp(a_minute, kLeast, kMost)),
          std::chrono::seconds(60)};
}

}  // namespace signpost::delivery
