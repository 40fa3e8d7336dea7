#include "delivery/back_off.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace signpost::delivery {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongest{300'000};
constexpr unsigned kMostDoublings = 10;
constexpr int kShareOfTrouble = 16;

milliseconds delay(const BackOff::Pace& pace, unsigned failures, SteadyTime::duration trouble) {
  const milliseconds doubled = pace.first * (1u << std::min(failures - 1, kMostDoublings));
  const auto share = std::chrono::duration_cast<milliseconds>(trouble / kShareOfTrouble);
  return std::min({doubled, std::max(pace.steady, share), kLongest});
}

}  // namespace

bool BackOff::failed(Disposition why, SteadyTime began, SteadyTime now, double fraction) {
  why_ = std::move(why);
  if (failures_ > 0 && began < last_) return false;
  if (failures_ == 0) first_ = now;
  last_ = now;
  ++failures_;
  const milliseconds plain = delay(pace_, failures_, now - first_);
  const auto stretch = static_cast<double>(plain.count()) / 4 * fraction;
  not_before_ = now + plain + milliseconds(static_cast<std::int64_t>(stretch));
  return true;
}

void BackOff::fails_with(const BackOff& other) {
  if (failures_ == 0) return;
  failures_ = std::max(failures_, other.failures_);
  first_ = std::min(first_, other.first_);
  not_before_ = std::max(not_before_, other.not_before_);
}

void BackOff::succeeded() {
  failures_ = 0;
  not_before_ = {};
}

void BackOff::forgive() { not_before_ = {}; }

}  // namespace signpost::delivery
