// How long due work waits for an event loop.
#pragma once

#include "metrics/lag_window.h"
#include "metrics/registry.h"
#include "net/loop.h"
#include "net/timer.h"

#include <cstddef>
#include <optional>

namespace signpost::daemon {

// Measures one loop with a timer twice a second. The loop's thread, or any before it runs.
class LoopLag {
 public:
  // `worker`: its number, for the label. Must outlive the registry's last scrape.
  LoopLag(net::Loop& loop, metrics::Registry& registry, std::size_t worker);
  LoopLag(const LoopLag&) = delete;
  LoopLag& operator=(const LoopLag&) = delete;

  void start();
  void stop() { timer_.reset(); }

 private:
  void wait();

  net::Loop& loop_;
  std::optional<net::Timer> timer_;
  metrics::LagWindow window_;
};

}  // namespace signpost::daemon
