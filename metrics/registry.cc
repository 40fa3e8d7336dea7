#include "metrics/registry.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/mutex.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace signpost::metrics {

namespace {

using Type = Registry::Type;
using Sample = Registry::Sample;

// [a-zA-Z_][a-zA-Z0-9_]*, the exposition format's rule for label names; metric names may hold
// colons too, but those are for recording rules.
bool is_name(std::string_view name) {
  return !name.empty() && !ascii::is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

bool fits_type(std::string_view name, Type type) {
  if (type == Type::Counter) return name.ends_with("_total");
  // The suffixes that the format itself appends to histograms and summaries.
  return !name.ends_with("_total") && !name.ends_with("_count") && !name.ends_with("_sum") &&
         !name.ends_with("_bucket");
}

bool same_label_names(const Labels& a, const Labels& b) {
  return std::ranges::equal(a, b, {}, &Labels::value_type::first, &Labels::value_type::first);
}

struct Live {
  const void* instrument;
  Registry::Read read;
};

// Everything of one name and label set.
struct Series {
  Type type;
  Sample retired;
  std::vector<Live> live;
  std::deque<std::function<double()>> callbacks;  // never removed: their addresses stay

  Sample read() const {
    Sample total = retired;
    for (const Live& one : live) one.read(one.instrument, total);
    return total;
  }
};

struct FamilyOfSeries {
  Type type;
  std::string help;
  std::vector<double> bounds;
  std::map<Labels, Series> series;
};

prometheus::MetricType prometheus_type(Type type) {
  switch (type) {
    case Type::Counter:
      return prometheus::MetricType::Counter;
    case Type::Gauge:
      return prometheus::MetricType::Gauge;
    case Type::Histogram:
      return prometheus::MetricType::Histogram;
  }
  std::unreachable();
}

// Whether they are the labels of the description, as far as it has any.
bool are_described(const Labels& labels, const Description& description) {
  if (description.labels.empty()) return true;
  return labels.size() == description.labels.size() &&
         std::ranges::all_of(description.labels, [&](const LabelDescription& label) {
           return std::ranges::find(labels, label.name, &Labels::value_type::first) != labels.end();
         });
}

prometheus::ClientMetric::Histogram cumulative(const Sample& sample,
                                               const std::vector<double>& bounds) {
  prometheus::ClientMetric::Histogram histogram;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    if (i < sample.buckets.size()) histogram.sample_count += sample.buckets[i];
    histogram.bucket.push_back(
        {histogram.sample_count,
         i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_sum = sample.value;
  return histogram;
}

prometheus::ClientMetric client_metric(const Labels& labels, const Sample& sample,
                                       const FamilyOfSeries& family) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  switch (family.type) {
    case Type::Counter:
      metric.counter.value = sample.value;
      break;
    case Type::Gauge:
      metric.gauge.value = sample.value;
      break;
    case Type::Histogram:
      metric.histogram = cumulative(sample, family.bounds);
      break;
  }
  return metric;
}

}  // namespace

struct Registry::Impl {
  mutable Mutex mutex;
  std::map<std::string, FamilyOfSeries, std::less<>> families GUARDED_BY(mutex);
  std::unordered_map<const void*, Series*> series_of GUARDED_BY(mutex);

  Series& series(const Description& description, Type type, Labels labels,
                 std::span<const double> bounds) REQUIRES(mutex) {
    CHECK(is_name(description.name) && fits_type(description.name, type));
    CHECK(!description.help.empty() && description.help.find_first_of("\n\\") == std::string::npos);
    CHECK(are_described(labels, description));
    std::ranges::sort(labels);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::string& name = labels[i].first;
      CHECK(is_name(name) && name != "le" && !name.starts_with("__"));
      CHECK(i == 0 || labels[i - 1].first != name);
    }
    const auto [family, is_new] = families.try_emplace(
        std::string(description.name),
        FamilyOfSeries{type, std::string(description.help), {bounds.begin(), bounds.end()}, {}});
    if (!is_new) {
      CHECK(family->second.type == type && family->second.help == description.help);
      CHECK(std::ranges::equal(family->second.bounds, bounds));
      CHECK(same_label_names(family->second.series.begin()->first, labels));
    }
    return family->second.series.try_emplace(std::move(labels), Series{type, {}, {}, {}})
        .first->second;
  }
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() {
  const MutexLock lock(impl_->mutex);
  CHECK(impl_->series_of.empty());  // instruments hold a reference
}

void Registry::enroll(const Description& description, Type type, Labels labels,
                      std::span<const double> bounds, const void* instrument, Read read) {
  const MutexLock lock(impl_->mutex);
  Series& series = impl_->series(description, type, std::move(labels), bounds);
  series.live.push_back({instrument, read});
  impl_->series_of.emplace(instrument, &series);
}

void Registry::retire(const void* instrument) {
  const MutexLock lock(impl_->mutex);
  const auto found = impl_->series_of.find(instrument);
  Series& series = *found->second;
  const auto live = std::ranges::find(series.live, instrument, &Live::instrument);
  if (series.type != Type::Gauge) live->read(instrument, series.retired);
  series.live.erase(live);
  impl_->series_of.erase(found);
}

void Registry::add_gauge(const Description& description, Labels labels,
                         std::function<double()> read) {
  add_callback(description, Type::Gauge, std::move(labels), std::move(read));
}

void Registry::add_counter(const Description& description, Labels labels,
                           std::function<double()> read) {
  add_callback(description, Type::Counter, std::move(labels), std::move(read));
}

void Registry::add_callback(const Description& description, Type type, Labels labels,
                            std::function<double()> read) {
  const MutexLock lock(impl_->mutex);
  impl_->series(description, type, std::move(labels), {}).callbacks.push_back(std::move(read));
}

std::string Registry::text() const {
  std::vector<prometheus::MetricFamily> families;
  // Callbacks run without the lock: one that waits for a thread that registers an instrument would
  // never end.
  struct Pending {
    std::size_t family, metric;
    const std::function<double()>* read;
  };
  std::vector<Pending> pending;
  {
    const MutexLock lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families) {
      prometheus::MetricFamily& out = families.emplace_back();
      out.name = name;
      out.help = family.help;
      out.type = prometheus_type(family.type);
      for (const auto& [labels, series] : family.series) {
        for (const auto& callback : series.callbacks) {
          pending.push_back({families.size() - 1, out.metric.size(), &callback});
        }
        out.metric.push_back(client_metric(labels, series.read(), family));
      }
    }
  }
  for (const Pending& one : pending) {
    prometheus::MetricFamily& family = families[one.family];
    prometheus::ClientMetric& metric = family.metric[one.metric];
    const bool counts = family.type == prometheus::MetricType::Counter;
    (counts ? metric.counter.value : metric.gauge.value) += (*one.read)();
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

std::vector<Registry::Family> Registry::families() const {
  const MutexLock lock(impl_->mutex);
  std::vector<Family> families;
  for (const auto& [name, family] : impl_->families) {
    families.push_back({name, std::string(text_of(family.type)), family.help});
  }
  return families;
}

}  // namespace signpost::metrics
