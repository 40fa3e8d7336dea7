#include "delivery/back_off.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::milliseconds kFirst{5000};
constexpr std::chrono::milliseconds kLongest{300'000};
constexpr unsigned kMostDoublings = 10;

std::chrono::milliseconds delay(unsigned failures, double fraction) {
  const auto plain = std::min(kLongest, kFirst * (1u << std::min(failures - 1, kMostDoublings)));
  const auto stretch = static_cast<double>(plain.count()) / 2 * fraction;
  return plain + std::chrono::milliseconds(static_cast<std::int64_t>(stretch));
}

}  // namespace

void BackOff::failed(Disposition why, SteadyTime began, SteadyTime now, double fraction) {
  why_ = std::move(why);
  if (failures_ > 0 && began < last_) return;
  last_ = now;
  ++failures_;
  not_before_ = now + delay(failures_, fraction);
}

void BackOff::succeeded() {
  failures_ = 0;
  not_before_ = {};
}

void BackOff::forgive() { not_before_ = {}; }

}  // namespace signpost::delivery
