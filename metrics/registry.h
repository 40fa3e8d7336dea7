// All instruments of the process, and their exposition in the Prometheus text format.
#pragma once

#include "metrics/instruments.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signpost::metrics {

// Any thread. Instruments register themselves; values of an instrument that is gone (a label that a
// reload removed) stay in the sums, so that counters never fall.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A gauge that is asked for at each scrape (queue depth, oldest age). The callback runs on the
  // scraping thread, must not block for long, and must outlive the registry's last scrape.
  void add_gauge(const Description& description, Labels labels, std::function<double()> read);

  // Text format 0.0.4, through prometheus-cpp's serializer.
  std::string text() const;

  // Name, type and help of every registered family, sorted by name: for docs/metrics.md.
  struct Family {
    std::string name;
    std::string type;  // "counter", "gauge", "histogram"
    std::string help;
  };
  std::vector<Family> families() const;

 private:
  friend class Counter;
  friend class SharedCounter;
  friend class Gauge;
  friend class Histogram;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::metrics
