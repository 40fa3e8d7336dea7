#include "daemon/loop_lag.h"

#include "base/clock.h"
#include "relay/metric_descriptions.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace signpost::daemon {

namespace {

constexpr std::chrono::milliseconds kInterval{500};

}  // namespace

LoopLag::LoopLag(net::Loop& loop, metrics::Registry& registry, std::size_t worker) : loop_(loop) {
  registry.add_gauge(relay::metric::kLoopLag, {{"worker", std::to_string(worker)}},
                     [this] { return window_.longest(real_clock().steady_now()).count(); });
}

void LoopLag::start() {
  timer_.emplace(loop_, [this] {
    window_.came(real_clock().steady_now());
    wait();
  });
  wait();
}

void LoopLag::wait() {
  timer_->start(kInterval);
  // The timer counts from the beginning of the turn, which may already be long ago.
  window_.expect(std::max(loop_.now(), real_clock().steady_now() - kInterval) + kInterval);
}

}  // namespace signpost::daemon
