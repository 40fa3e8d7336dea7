#include "bench/load/values.h"

#include <charconv>
#include <cmath>

namespace signpost::bench {

namespace {

constexpr double kLongestSeconds = 1e8;  // three years: far from where nanoseconds overflow

}  // namespace

std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::chrono::nanoseconds> parse_time(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return {};
  double seconds = 0;
  if (text.empty() || text == "s") {
    seconds = *number;
  } else if (text == "ms") {
    seconds = *number / 1000;
  } else if (text == "us") {
    seconds = *number / 1e6;
  } else if (text == "m" || text == "min") {
    seconds = *number * 60;
  } else if (text == "h") {
    seconds = *number * 3600;
  } else {
    return {};
  }
  if (seconds > kLongestSeconds) return {};
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

std::optional<double> parse_rate(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return {};
  if (text.empty() || text == "/s") return number;
  if (text == "/min") return *number / 60;
  return {};
}

std::optional<Stage> parse_stage(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  const auto length = parse_time(text.substr(0, colon));
  const auto rate = parse_rate(text.substr(colon + 1));
  if (!length || length->count() == 0 || !rate) return {};
  return Stage{*length, *rate};
}

}  // namespace signpost::bench
