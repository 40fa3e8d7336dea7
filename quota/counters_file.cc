#include "quota/counters_file.h"

#include "base/ascii.h"
#include "config/kept_lines.h"
#include "config/text_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace signpost::quota {

namespace {

using config::cut;

constexpr std::string_view kTitle = "signpost quota counters 1";
// Beyond any count and any time: what is more is damaged.
constexpr double kMost = 1e15;

// Begins with a digit: neither negative nor a word.
template <typename Number>
bool read_number(std::optional<std::string_view> text, Number& number) {
  if (!text || text->empty() || !ascii::is_digit(text->front())) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() &&
         static_cast<double>(number) < kMost;
}

bool may_be_name(Scope scope, std::string_view name) {
  return (scope == Scope::Server) == name.empty() && std::ranges::none_of(name, ascii::is_control);
}

std::optional<Counters::Entry> parse_line(std::string_view line) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // in the year 9999
  Counters::Entry entry;
  const auto scope = cut(line, ' ');
  const auto found = std::ranges::find(kTexts<Scope>, scope.value_or(""));
  if (found == kTexts<Scope>.end()) return {};
  entry.scope = static_cast<Scope>(found - kTexts<Scope>.begin());
  std::int64_t at = 0;
  if (!read_number(cut(line, ' '), entry.level) || !read_number(cut(line, ' '), at) ||
      !read_number(cut(line, ' '), entry.day) || !read_number(cut(line, ' '), entry.today)) {
    return {};
  }
  if (at > kLatest || !may_be_name(entry.scope, line)) return {};
  entry.at = SystemTime(std::chrono::seconds(at));
  entry.name = line;
  return entry;
}

}  // namespace

std::string counters_text(const std::vector<Counters::Entry>& entries) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const Counters::Entry& entry : entries) {
    // No login and no tenant has such a name; a line must stay one.
    if (!may_be_name(entry.scope, entry.name)) continue;
    const auto at = std::chrono::floor<std::chrono::seconds>(entry.at.time_since_epoch()).count();
    fmt::format_to(std::back_inserter(text), "{} {:.3f} {} {} {} {}\n", text_of(entry.scope),
                   entry.level, at, entry.day, entry.today, entry.name);
  }
  return text;
}

Result<std::vector<Counters::Entry>> parse_counters(std::string_view text) {
  std::vector<Counters::Entry> entries;
  const auto read = config::read_lines(text, kTitle, "counters", [&](std::string_view line) {
    auto entry = parse_line(line);
    if (entry) entries.push_back(std::move(*entry));
    return entry.has_value();
  });
  if (!read) return Failure(read.error());
  return entries;
}

Result<void> load_counters(const std::string& file, Counters& counters) {
  const auto text = config::read_kept_file(file);
  if (!text) return Failure(text.error());
  if (!*text) return {};
  const auto entries = parse_counters(**text);
  if (!entries) return Failure(entries.error());
  counters.restore(*entries);
  return {};
}

Result<void> save_counters(const std::string& file, Counters& counters, const Clock& clock) {
  const std::string text = counters_text(counters.entries(clock.system_now()));
  auto saved =
      config::edit_private_file(file, [&](const std::string&) { return std::string(text); });
  if (!saved) counters.set_unsaved();
  return saved;
}

}  // namespace signpost::quota
