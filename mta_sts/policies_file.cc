#include "mta_sts/policies_file.h"

#include "config/kept_lines.h"
#include "config/text_file.h"
#include "dns/name.h"
#include "mta_sts/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace signpost::mta_sts {

namespace {

using config::cut;

constexpr std::string_view kTitle = "signpost mta-sts policies 1";

std::optional<SystemTime> read_time(std::string_view text) {
  constexpr std::int64_t kLatest = 253'402'300'799;  // in the year 9999
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (seconds < 0 || seconds > kLatest) return {};
  return SystemTime(std::chrono::seconds(seconds));
}

bool is_name(const std::string& domain) {
  return !domain.empty() && dns::canonical_name(domain) == domain;
}

std::optional<Policies::Entry> parse_line(std::string_view line) {
  const auto fetched = read_time(cut(line, ' ').value_or(""));
  const std::string id(cut(line, ' ').value_or(""));
  const std::string domain(cut(line, '\t').value_or(""));
  if (!fetched || !is_id(id) || !is_name(domain)) return {};
  std::string text(line);
  std::ranges::replace(text, '\t', '\n');
  auto policy = parse_policy(text);
  if (!policy) return {};
  policy->id = id;
  return Policies::Entry{.domain = domain, .fetched = *fetched, .policy = std::move(*policy)};
}

}  // namespace

std::string policies_text(const std::vector<Policies::Entry>& entries) {
  std::string text = fmt::format("{}\n", kTitle);
  for (const Policies::Entry& entry : entries) {
    if (!is_name(entry.domain)) continue;  // a line must stay one
    const auto fetched =
        std::chrono::floor<std::chrono::seconds>(entry.fetched.time_since_epoch()).count();
    fmt::format_to(std::back_inserter(text), "{} {} {}", fetched, entry.policy.id, entry.domain);
    for (const std::string& line : entry.policy.lines) text.append("\t").append(line);
    text += '\n';
  }
  return text;
}

Result<std::vector<Policies::Entry>> parse_policies(std::string_view text) {
  std::vector<Policies::Entry> entries;
  const auto read =
      config::read_lines(text, kTitle, "MTA-STS policies", [&](std::string_view line) {
        auto entry = parse_line(line);
        if (entry) entries.push_back(std::move(*entry));
        return entry.has_value();
      });
  if (!read) return Failure(read.error());
  return entries;
}

Result<void> load_policies(const std::string& file, Policies& policies) {
  const auto text = config::read_kept_file(file);
  if (!text) return Failure(text.error());
  if (!*text) return {};
  auto entries = parse_policies(**text);
  if (!entries) return Failure(entries.error());
  policies.restore(std::move(*entries));
  return {};
}

Result<void> save_policies(const std::string& file, Policies& policies) {
  const std::string text = policies_text(policies.entries());
  auto saved =
      config::edit_private_file(file, [&](const std::string&) { return std::string(text); });
  if (!saved) policies.set_unsaved();
  return saved;
}

}  // namespace signpost::mta_sts
