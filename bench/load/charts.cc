#include "bench/load/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace signpost::bench {

namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 260;
constexpr double kLeft = 60;
constexpr double kRight = 10;
constexpr double kTop = 50;
constexpr double kBottom = 30;

// 1, 2 or 5 times a power of ten: the step that divides `span` into about `parts`.
double round_step(double span, int parts) {
  const double raw = span / parts;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

// A linear one begins at zero.
class Axis {
 public:
  Axis(double low, double high, Scale scale) : low_(0), high_(high), scale_(scale) {
    if (scale_ == Scale::Logarithmic) {
      low_ = std::floor(std::log10(low));
      high_ = std::max(low_ + 1, std::ceil(std::log10(high)));
    }
  }

  bool shows(double value) const {
    return std::isfinite(value) && (scale_ == Scale::Linear || value > 0);
  }
  // 0 to 1.
  double place(double value) const {
    const double on_scale = scale_ == Scale::Logarithmic ? std::log10(value) : value;
    return (on_scale - low_) / (high_ - low_);
  }
  std::vector<double> ticks() const {
    std::vector<double> ticks;
    if (scale_ == Scale::Logarithmic) {
      const int last = static_cast<int>(high_);
      for (int power = static_cast<int>(low_); power <= last; ++power) {
        ticks.push_back(std::pow(10, power));
      }
      return ticks;
    }
    const double step = round_step(high_ - low_, 5);
    const int last = static_cast<int>(high_ * 1.0001 / step);
    for (int i = 0; i <= last; ++i) ticks.push_back(i * step);
    return ticks;
  }

 private:
  double low_;
  double high_;
  Scale scale_;
};

Axis value_axis(const std::vector<Series>& series, Scale scale) {
  double low = 0;
  double high = 0;
  for (const Series& one : series) {
    for (const double value : one.values) {
      if (!std::isfinite(value) || value <= 0) continue;
      high = std::max(high, value);
      low = low == 0 ? value : std::min(low, value);
    }
  }
  if (high == 0) low = high = 1;
  return Axis(low, high, scale);
}

double x_of(const Axis& axis, double value) {
  return kLeft + axis.place(value) * (kWidth - kLeft - kRight);
}

double y_of(const Axis& axis, double value) {
  return kHeight - kBottom - axis.place(value) * (kHeight - kTop - kBottom);
}

std::string grid(const Axis& across, const Axis& up) {
  std::string svg;
  for (const double tick : up.ticks()) {
    const double y = y_of(up, tick);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n",
        kLeft, kWidth - kRight, y, y, kLeft - 6, y + 4, tick);
  }
  for (const double tick : across.ticks()) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g} s</text>\n",
                       x_of(across, tick), kHeight - kBottom + 18, tick);
  }
  return svg;
}

// One line for each stretch without a gap; a point alone is a line of no length, with round ends.
std::string path(const std::vector<double>& times, const Series& series, const Axis& across,
                 const Axis& up) {
  std::string points;
  bool drawing = false;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double value = series.values[i];
    if (!up.shows(value)) {
      drawing = false;
      continue;
    }
    const double x = x_of(across, times[i]);
    const double y = y_of(up, value);
    if (!drawing) points += fmt::format("M{:.1f} {:.1f}", x, y);
    points += fmt::format("L{:.1f} {:.1f}", x, y);
    drawing = true;
  }
  return fmt::format("<path class=\"{}\" d=\"{}\"/>\n", series.style, points);
}

}  // namespace

std::string chart(const std::string& title, const std::vector<double>& times,
                  const std::vector<Series>& series, Scale scale) {
  const Axis across(0, times.empty() || times.back() <= 0 ? 1 : times.back(), Scale::Linear);
  const Axis up = value_axis(series, scale);
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n"
      "<text class=\"title\" x=\"0\" y=\"16\">{}</text>\n",
      kWidth, kHeight, title, title);
  double x = kLeft;
  for (const Series& one : series) {
    svg += fmt::format("<path class=\"{}\" d=\"M{} 34h20\"/><text x=\"{}\" y=\"38\">{}</text>\n",
                       one.style, x, x + 26, one.name);
    x += 50 + 8 * static_cast<double>(one.name.size());
  }
  svg += grid(across, up);
  for (const Series& one : series) svg += path(times, one, across, up);
  return svg + "</svg>\n";
}

}  // namespace signpost::bench
