// The page of /metrics, made only as often as strangers may cause.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace signpost::admin {

// A page is reused for three times as long as it took to make: a client that asks without pause
// gets a quarter of the server's time, and health the rest. A scrape sees values that are a few
// milliseconds old. One thread.
class MetricsPage {
 public:
  explicit MetricsPage(std::function<std::string()> make, const Clock& clock = real_clock())
      : make_(std::move(make)), clock_(clock) {}

  const std::string& text();

 private:
  const std::function<std::string()> make_;
  const Clock& clock_;
  std::string text_;
  SteadyTime stale_ = SteadyTime::min();
};

}  // namespace signpost::admin
