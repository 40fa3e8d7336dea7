#include "delivery/site_pauses_file.h"

#include "base/ascii.h"
#include "config/kept_lines.h"
#include "config/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace signpost::delivery {

namespace {

using config::cut;

constexpr std::string_view kTitle = "signpost site pauses 1";
constexpr std::string_view kNoEnd = "-";

std::optional<SystemTime> read_time(std::string_view text) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // in the year 9999
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (seconds < 0 || seconds > kLatest) return {};
  return SystemTime(std::chrono::seconds(seconds));
}

std::int64_t seconds_of(SystemTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string one_field(std::string text) {
  std::ranges::replace_if(text, ascii::is_control, ' ');
  return text;
}

std::optional<SitePause> parse_line(std::string_view line) {
  const auto since = cut(line, ' ');
  const auto until = cut(line, ' ');
  const auto site = cut(line, '\t');
  const auto by = cut(line, '\t');
  if (!since || !until || !site || !by || site->empty()) return {};
  const auto since_time = read_time(*since);
  const auto until_time = *until == kNoEnd ? std::nullopt : read_time(*until);
  if (!since_time || (*until != kNoEnd && !until_time)) return {};
  if (std::ranges::any_of(line, ascii::is_control)) return {};
  return SitePause{.site = std::string(*site),
                   .since = *since_time,
                   .until = until_time,
                   .by = std::string(*by),
                   .reason = std::string(line)};
}

}  // namespace

std::string site_pauses_text(const std::vector<SitePause>& pauses) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const SitePause& pause : pauses) {
    const std::string until =
        pause.until ? std::to_string(seconds_of(*pause.until)) : std::string(kNoEnd);
    fmt::format_to(std::back_inserter(text), "{} {} {}\t{}\t{}\n", seconds_of(pause.since), until,
                   one_field(pause.site), one_field(pause.by), one_field(pause.reason));
  }
  return text;
}

Result<std::vector<SitePause>> parse_site_pauses(std::string_view text) {
  std::vector<SitePause> pauses;
  const auto read = config::read_lines(text, kTitle, "paused sites", [&](std::string_view line) {
    auto pause = parse_line(line);
    if (pause) pauses.push_back(std::move(*pause));
    return pause.has_value();
  });
  if (!read) return Failure(read.error());
  return pauses;
}

Result<std::vector<SitePause>> load_site_pauses(const std::string& file) {
  const auto text = config::read_kept_file(file);
  if (!text) return Failure(text.error());
  return *text ? parse_site_pauses(**text) : std::vector<SitePause>();
}

Result<void> save_site_pauses(const std::string& file, const std::vector<SitePause>& pauses) {
  return config::edit_private_file(
      file, [&](const std::string&) -> Result<std::string> { return site_pauses_text(pauses); });
}

}  // namespace signpost::delivery
