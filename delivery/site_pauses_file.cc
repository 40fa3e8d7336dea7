#include "delivery/site_pauses_file.h"

#include "base/ascii.h"
#include "config/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::string_view kTitle = "signpost site pauses 1";
constexpr std::string_view kNoEnd = "-";

// The text before the next `end`, which is dropped too; nothing when there is no `end`.
std::optional<std::string_view> cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return {};
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

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
  if (cut(text, '\n') != kTitle) {
    return fail(Errc::InvalidArgument, "is not a file of paused sites");
  }
  std::vector<SitePause> pauses;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto line = cut(text, '\n');
    auto pause = line ? parse_line(*line) : std::nullopt;
    if (!pause) return fail(Errc::InvalidArgument, fmt::format("line {} is damaged", number));
    pauses.push_back(std::move(*pause));
  }
  return pauses;
}

Result<std::vector<SitePause>> load_site_pauses(const std::string& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::vector<SitePause>();
  const auto text = config::read_text_file(file);
  if (!text) return Failure(text.error());
  return parse_site_pauses(*text);
}

Result<void> save_site_pauses(const std::string& file, const std::vector<SitePause>& pauses) {
  return config::edit_private_file(
      file, [&](const std::string&) -> Result<std::string> { return site_pauses_text(pauses); });
}

}  // namespace signpost::delivery
