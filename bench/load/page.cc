#include "bench/load/page.h"

#include "bench/load/charts.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <vector>

namespace signpost::bench {

namespace {

constexpr std::string_view kStyle = R"(<style>
:root { color-scheme: light dark; --text: #222; --faint: #ddd }
@media (prefers-color-scheme: dark) { :root { --text: #ddd; --faint: #444 } }
body { font: 15px sans-serif; color: var(--text); max-width: 940px; margin: 2em auto; padding: 0 1em }
svg { width: 100%; margin: 1em 0 } pre { overflow-x: auto }
text { font: 12px sans-serif; fill: var(--text) } .title { font-weight: bold }
path { fill: none; stroke-width: 2; stroke-linecap: round }
.grid { stroke: var(--faint) } .good { stroke: #2b7a4b } .bad { stroke: #c0392b }
.p50 { stroke: #2b7a4b } .p99 { stroke: #d68910 } .max { stroke: #c0392b; stroke-width: 1 }
</style>)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

struct Curves {
  std::vector<double> times;  // the middle of each interval
  Series acknowledged{"acknowledged", "good", {}};
  Series failed{"failed", "bad", {}};
  Series p50{"p50", "p50", {}};
  Series p99{"p99", "p99", {}};
  Series max{"max", "max", {}};
};

Curves curves_of(const std::vector<Timeline::Point>& points) {
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  Curves curves;
  for (const Timeline::Point& point : points) {
    const double length = seconds(point.length);
    curves.times.push_back(seconds(point.from) + length / 2);
    curves.acknowledged.values.push_back(static_cast<double>(point.acknowledged) / length);
    curves.failed.values.push_back(static_cast<double>(point.failed) / length);
    const auto add = [&](Series& series, std::chrono::nanoseconds latency) {
      series.values.push_back(point.acknowledged > 0 ? seconds(latency) * 1000 : kNothing);
    };
    add(curves.p50, point.p50);
    add(curves.p99, point.p99);
    add(curves.max, point.max);
  }
  return curves;
}

}  // namespace

std::string report_page(const Results& results, const Summary& summary, bool open_loop,
                        std::string_view title, std::string_view text) {
  const Curves curves =
      curves_of(results.timeline->points(results.timeline->start() + summary.elapsed));
  const std::string latency =
      fmt::format("{} to the reply to the data, ms", open_loop ? "When it was due" : "MAIL");
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<title>{0}</title>\n{1}\n</head><body>\n<h1>signpost-load</h1>\n<p>{0}</p>\n{2}{3}"
      "<pre>{4}</pre>\n</body></html>\n",
      escaped(title), kStyle,
      chart("Messages a second", curves.times, {curves.acknowledged, curves.failed}, Scale::Linear),
      chart(latency, curves.times, {curves.p50, curves.p99, curves.max}, Scale::Logarithmic),
      escaped(text));
}

}  // namespace signpost::bench
