#include "delivery/warm_up_file.h"

#include "base/ascii.h"
#include "config/kept_lines.h"
#include "config/text_file.h"
#include "delivery/scheduler.h"

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

constexpr std::string_view kTitle = "signpost warm-up 1";

std::optional<std::uint64_t> read_number(std::optional<std::string_view> text, std::uint64_t most) {
  std::uint64_t number = 0;
  if (!text || text->empty()) return {};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number > most) return {};
  return number;
}

bool read_line(std::string_view line, WarmUpCounts::Kept& kept) {
  constexpr std::uint64_t kLastDay = 2'932'896;  // of the year 9999
  constexpr std::uint64_t kMost = 1'000'000'000'000'000;
  const auto day = read_number(cut(line, ' '), kLastDay);
  const auto sent = read_number(cut(line, ' '), kMost);
  if (!day || !sent || line.empty() || std::ranges::any_of(line, ascii::is_control)) return false;
  const std::chrono::sys_days read{std::chrono::days(*day)};
  if (!kept.entries.empty() && kept.day != read) return false;
  kept.day = read;
  kept.entries.push_back({std::string(line), *sent});
  return true;
}

}  // namespace

std::string warm_up_text(const WarmUpCounts::Kept& kept) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const WarmUpCounts::Entry& entry : kept.entries) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", kept.day.time_since_epoch().count(),
                   entry.sent, entry.name);
  }
  return text;
}

Result<WarmUpCounts::Kept> parse_warm_up(std::string_view text) {
  WarmUpCounts::Kept kept{};
  const auto read = config::read_lines(
      text, kTitle, "a warm-up", [&](std::string_view line) { return read_line(line, kept); });
  if (!read) return Failure(read.error());
  return kept;
}

Result<void> load_warm_up(const std::string& file, Scheduler& scheduler) {
  const auto text = config::read_kept_file(file);
  if (!text) return Failure(text.error());
  if (!*text) return {};
  const auto kept = parse_warm_up(**text);
  if (!kept) return Failure(kept.error());
  scheduler.restore_warm_up(*kept);
  return {};
}

Result<void> save_warm_up(const std::string& file, Scheduler& scheduler) {
  const std::string text = warm_up_text(scheduler.warm_up());
  auto saved =
      config::edit_private_file(file, [&](const std::string&) { return std::string(text); });
  if (!saved) scheduler.set_warm_up_unsaved();
  return saved;
}

}  // namespace signpost::delivery
