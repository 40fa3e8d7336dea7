// All instruments of the process, and their exposition in the Prometheus text format.
#pragma once

#include "base/enum_texts.h"
#include "metrics/description.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::metrics {

// Any thread. Instruments register themselves; values of an instrument that is gone (a label that a
// reload removed) stay in the sums, so that counters never fall; the level of a gauge that is gone
// goes with it.
//
// A name stands for one type, one help text, one set of label names and, for a histogram, one set
// of bounds: a second meaning is a broken invariant (CHECK), as is a name or help text that
// `promtool check metrics` would refuse, and labels other than the description's. Label values are
// UTF-8.
class Registry {
 public:
  enum class Type { Counter, Gauge, Histogram };

  // The sum of the instruments of one name and label set.
  struct Sample {
    double value = 0;                    // of a histogram: the sum of its observations
    std::vector<std::uint64_t> buckets;  // of a histogram: not cumulative
  };
  // Adds an instrument's value to `total`.
  using Read = void (*)(const void* instrument, Sample& total);

  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A gauge that is computed at each scrape (queue depth, oldest age). The callback runs on the
  // scraping thread, must not block for long, and must outlive the registry's last scrape.
  void add_gauge(const Description& description, Labels labels, std::function<double()> read);
  // The same for a count that somebody else keeps: what `read` gives never falls.
  void add_counter(const Description& description, Labels labels, std::function<double()> read);

  // Text format 0.0.4, through prometheus-cpp's serializer.
  std::string text() const;

  // Name, type and help of every registered family, sorted by name: for tests.
  struct Family {
    std::string name;
    std::string type;  // text_of(Type)
    std::string help;
  };
  std::vector<Family> families() const;

 private:
  friend class Counter;
  friend class SharedCounter;
  friend class Gauge;
  friend class Histogram;
  struct Impl;

  void add_callback(const Description& description, Type type, Labels labels,
                    std::function<double()> read);
  void enroll(const Description& description, Type type, Labels labels,
              std::span<const double> bounds, const void* instrument, Read read);
  void retire(const void* instrument);

  std::unique_ptr<Impl> impl_;
};

constexpr std::array<std::string_view, 3> texts_of(Registry::Type) {
  return {"counter", "gauge", "histogram"};
}

}  // namespace signpost::metrics
