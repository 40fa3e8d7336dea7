#include "config/units.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace signpost::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

constexpr std::array<Unit, 10> kSizes{{{"TiB", std::uint64_t{1} << 40},
                                       {"GiB", std::uint64_t{1} << 30},
                                       {"MiB", std::uint64_t{1} << 20},
                                       {"KiB", std::uint64_t{1} << 10},
                                       {"TB", 1'000'000'000'000},
                                       {"GB", 1'000'000'000},
                                       {"MB", 1'000'000},
                                       {"KB", 1000},
                                       {"B", 1},
                                       {"", 1}}};

// A whole number and one of `units`; nothing beyond `largest`.
template <std::size_t N>
std::optional<std::uint64_t> parse_amount(std::string_view text, const std::array<Unit, N>& units,
                                          std::uint64_t largest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {};
  const std::string_view rest(end, text.data() + text.size());
  for (const Unit& unit : units) {
    if (rest != unit.name) continue;
    if (number > largest / unit.factor) return {};
    return number * unit.factor;
  }
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  // A thousand years: far from any overflow when durations are added to a time.
  constexpr std::uint64_t kLongest = std::uint64_t{365'000} * 86'400'000;
  const auto amount = parse_amount(text, kDurations, kLongest);
  if (!amount) return {};
  return std::chrono::milliseconds(*amount);
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto amount = static_cast<std::uint64_t>(duration.count());
  if (amount == 0) return "0s";
  for (const Unit& unit : kDurations) {
    if (amount % unit.factor == 0) return fmt::format("{}{}", amount / unit.factor, unit.name);
  }
  return {};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_amount(text, kSizes, std::numeric_limits<std::int64_t>::max());
}

std::string size_text(std::uint64_t octets) {
  for (const Unit& unit : kSizes) {
    if (!unit.name.ends_with("iB")) break;
    if (octets >= unit.factor && octets % unit.factor == 0) {
      return fmt::format("{}{}", octets / unit.factor, unit.name);
    }
  }
  return fmt::format("{}B", octets);
}

std::optional<double> parse_share(std::string_view text) {
  if (!text.ends_with('%')) return {};
  text.remove_suffix(1);
  if (text.empty() || !ascii::is_digit(text.front()))
    return {};  // from_chars takes "-", "inf", "nan"
  double percent = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(percent <= 100)) return {};
  return percent / 100;
}

std::string share_text(double share) { return fmt::format("{:g}%", share * 100); }

}  // namespace signpost::config
