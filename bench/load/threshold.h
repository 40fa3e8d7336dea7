// Conditions under which a run fails: "p99>50ms", "failed>1%", "rate<100/s".
#pragma once

#include "bench/load/results.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::bench {

// Constant after construction.
class Threshold {
 public:
  // METRIC, one of > >= < <=, and a value with the unit of the metric; kThresholdHelp lists them.
  // Nothing: `text` is not a threshold.
  static std::optional<Threshold> parse(std::string_view text);

  // The threshold and what was measured, in words, if the run fails it; else empty. A
  // time that was never measured fails too: an outage passes no test.
  std::string missed(const Results& results, const Summary& summary) const;

  // True if it says how many messages may fail. How many recipients may be refused says nothing of
  // lost connections.
  bool judges_failures() const { return judges_failures_; }

 private:
  // Nothing: never measured.
  using Value = std::function<std::optional<double>(const Results&, const Summary&)>;
  struct Metric {
    Value value;
    const char* unit = "";
    bool judges_failures = false;
  };
  static std::optional<Metric> metric_called(std::string_view name, bool percent);

  bool holds(double value) const;

  std::string text_;
  Metric metric_;
  bool judges_failures_ = false;
  std::string_view comparison_;
  double limit_ = 0;
};

inline constexpr const char* kThresholdHelp =
    "METRIC>VALUE (also >=, <, <=) that makes the run fail with exit code 3, repeatable. Times "
    "(50ms, 2s): p50, p90, p99, p99.9, mean and max of the reply to the data, or with "
    "transaction., "
    "connect., tls. or auth. before it. Counts: failed (messages; with % their share), refused "
    "(recipients), errors (both), acknowledged. Messages a second: rate";

}  // namespace signpost::bench
