#include "metrics/lag_window.h"

#include <algorithm>

namespace signpost::metrics {

void LagWindow::came(SteadyTime now) {
  const auto lag = std::max(SteadyTime::duration::zero(), now - due_.load());
  const SteadyTime began = half_began_.load(std::memory_order_relaxed);
  if (began == SteadyTime::min() || now - began >= kHalf) {
    const bool recent = began != SteadyTime::min() && now - began < 2 * kHalf;
    last_half_.store(recent ? this_half_.load() : SteadyTime::duration::zero());
    this_half_.store(lag);
    half_began_.store(now, std::memory_order_relaxed);
    return;
  }
  this_half_.store(std::max(this_half_.load(), lag), std::memory_order_relaxed);
}

std::chrono::duration<double> LagWindow::longest(SteadyTime now) const {
  const auto overdue = now - std::min(now, due_.load(std::memory_order_relaxed));
  return std::max({overdue, this_half_.load(), last_half_.load()});
}

}  // namespace signpost::metrics
