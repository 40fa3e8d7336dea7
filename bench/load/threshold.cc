#include "bench/load/threshold.h"

#include "bench/load/values.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace signpost::bench {

namespace {

constexpr std::array<std::pair<std::string_view, const Latency Results::*>, 5> kTimes = {
    {{"reply", &Results::reply},
     {"transaction", &Results::transaction},
     {"connect", &Results::connect},
     {"tls", &Results::tls},
     {"auth", &Results::auth}}};

constexpr std::array<std::pair<std::string_view, double>, 4> kShares = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

using Statistic = std::function<std::chrono::nanoseconds(const Latency&)>;

std::optional<Statistic> statistic_called(std::string_view name) {
  if (name == "mean") return [](const Latency& latency) { return latency.mean(); };
  if (name == "max") return [](const Latency& latency) { return latency.max(); };
  for (const auto& [called, share] : kShares) {
    if (name == called)
      return [share](const Latency& latency) { return latency.percentile(share); };
  }
  return {};
}

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// The limit in the unit of the metric: milliseconds, percent, messages a second, a count.
std::optional<double> parse_limit(std::string_view text, std::string_view unit) {
  if (unit == " ms") {
    const std::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
    if (number.size() == text.size()) return {};  // 50 what?
    const auto time = parse_time(text);
    return time ? std::optional(milliseconds(*time)) : std::nullopt;
  }
  if (unit == "/s") return parse_rate(text);
  const auto number = take_number(text);
  return number && text == unit ? number : std::nullopt;
}

}  // namespace

std::optional<Threshold::Metric> Threshold::metric_called(std::string_view name, bool percent) {
  const auto count = [](auto value) {
    return Metric{[value](const Results& results, const Summary&) {
                    return std::optional(static_cast<double>(value(results)));
                  },
                  ""};
  };
  if (name == "failed" && percent) {
    return Metric{[](const Results& results, const Summary& summary) -> std::optional<double> {
                    const auto all = static_cast<double>(summary.messages);
                    const auto good = static_cast<double>(results.acknowledged);
                    return all > 0 ? std::optional(100 * (all - good) / all) : std::nullopt;
                  },
                  "%", true};
  }
  if (name == "failed") {
    return Metric{
        [](const Results& results, const Summary& summary) {
          return std::optional(static_cast<double>(summary.messages - results.acknowledged));
        },
        "", true};
  }
  if (name == "refused") return count([](const Results& r) { return r.refused_recipients; });
  if (name == "errors") {
    return Metric{[](const Results& results, const Summary& summary) {
                    return std::optional(static_cast<double>(
                        summary.messages - results.acknowledged + results.refused_recipients));
                  },
                  "", true};
  }
  if (name == "acknowledged") return count([](const Results& r) { return r.acknowledged.load(); });
  if (name == "rate") {
    return Metric{[](const Results& results, const Summary& summary) {
                    return std::optional(bench::rate(results, summary));
                  },
                  "/s"};
  }
  for (const auto& [time, member] : kTimes) {
    std::string_view rest = name;
    if (name.starts_with(time) && name.substr(time.size()).starts_with('.')) {
      rest.remove_prefix(time.size() + 1);
    } else if (time != "reply") {
      continue;
    }
    const auto statistic = statistic_called(rest);
    if (!statistic) continue;
    return Metric{
        [member, statistic](const Results& results, const Summary&) -> std::optional<double> {
          const Latency& latency = results.*member;
          if (latency.count() == 0) return {};
          return milliseconds((*statistic)(latency));
        },
        " ms"};
  }
  return {};
}

std::optional<Threshold> Threshold::parse(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos) return {};
  const std::size_t size = text.substr(at + 1).starts_with('=') ? 2 : 1;
  const std::string_view value = text.substr(at + size);
  auto metric = metric_called(text.substr(0, at), value.ends_with('%'));
  if (!metric) return {};
  const auto limit = parse_limit(value, metric->unit);
  if (!limit) return {};

  constexpr std::array<std::string_view, 4> kComparisons = {">", ">=", "<", "<="};
  Threshold threshold;
  threshold.text_ = text;
  threshold.judges_failures_ = metric->judges_failures;
  threshold.metric_ = std::move(*metric);
  for (const std::string_view comparison : kComparisons) {
    if (comparison == text.substr(at, size)) threshold.comparison_ = comparison;
  }
  threshold.limit_ = *limit;
  return threshold;
}

bool Threshold::holds(double value) const {
  if (comparison_ == ">") return value <= limit_;
  if (comparison_ == ">=") return value < limit_;
  if (comparison_ == "<") return value >= limit_;
  return value > limit_;
}

std::string Threshold::missed(const Results& results, const Summary& summary) const {
  const auto value = metric_.value(results, summary);
  if (!value) return text_ + ": nothing was measured";
  if (holds(*value)) return {};
  return fmt::format("{}: it was {:.5g}{}", text_, *value, metric_.unit);
}

}  // namespace signpost::bench
