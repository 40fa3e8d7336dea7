#include "config/config_doubts.h"

#include "config/table_entry.h"
#include "config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace signpost::config {

namespace {

// Does `wide` match every domain that `narrow` matches?
bool covers(std::string_view wide, std::string_view narrow) {
  if (wide == narrow || wide == "*") return true;
  if (narrow == "*" || !wide.starts_with("*.")) return false;
  // "*.shop.example" is all subdomains of shop.example, which "*.example" covers.
  if (narrow.starts_with("*.")) narrow.remove_prefix(2);
  return domain_matches(wide, narrow);
}

// Senders are "@domain" or an address.
bool covers_sender(std::string_view wide, std::string_view narrow) {
  return wide == narrow || (wide.starts_with('@') && narrow.ends_with(wide));
}

// Is each of `narrow` covered by one of `wide`? An empty list means everything.
bool cover(const std::vector<std::string>& wide, const std::vector<std::string>& narrow,
           bool (*covers_one)(std::string_view, std::string_view)) {
  if (wide.empty() || narrow.empty()) return wide.empty();
  return std::ranges::all_of(narrow, [&](const std::string& pattern) {
    return std::ranges::any_of(
        wide, [&](const std::string& other) { return covers_one(other, pattern); });
  });
}

void find_dead_patterns(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  const auto tables = entries(root, "destination", config.destinations);
  for (auto table = tables.begin(); table != tables.end(); ++table) {
    for (const std::string& pattern : table->section.match) {
      for (auto before = tables.begin(); before != table; ++before) {
        const auto wide =
            std::ranges::find_if(before->section.match,
                                 [&](const std::string& other) { return covers(other, pattern); });
        if (wide == before->section.match.end()) continue;
        doubts.add(table->at("match"), "destination.match",
                   fmt::format("{} has no effect: {} in line {} comes first; put this table "
                               "before that one",
                               toml_string(pattern), toml_string(*wide), before->at("match").line));
        break;
      }
    }
  }
}

void find_dead_routes(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  const auto routes = entries(root, "route", config.routes);
  for (auto route = routes.begin(); route != routes.end(); ++route) {
    const auto before = std::find_if(routes.begin(), route, [&](const auto& other) {
      return cover(other.section.recipients, route->section.recipients, covers) &&
             cover(other.section.senders, route->section.senders, covers_sender);
    });
    if (before == route) continue;
    doubts.add(route->at("via"), "route",
               fmt::format("is never used: the one in line {} comes first and takes all of its "
                           "mail; put this table before that one",
                           before->table.begin.line));
  }
}

// Waits of the schedule beyond the age at which mail is given up. The defaults of keys that are not
// written suit any `expire` of an hour and more.
void find_what_expires(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  const TomlValue* const table = root.find("retry");
  if (table == nullptr) return;
  const RetryConfig& retry = config.retry;
  if (retry.schedule.empty()) return;  // each of its waits is a mistake
  const std::string expire = duration_text(retry.expire);
  std::chrono::seconds age{};
  const auto beyond = std::ranges::find_if(
      retry.schedule, [&](std::chrono::seconds step) { return (age += step) > retry.expire; });
  const TomlValue* const schedule = table->find("schedule");
  const TomlValue* const written = schedule != nullptr ? schedule : table->find("expire");
  if (beyond == retry.schedule.begin() && written != nullptr) {
    doubts.add(written->begin, "retry.schedule",
               fmt::format("no message is tried twice: the first wait is {}, longer than "
                           "retry.expire, {}; write a longer expire, or a shorter first wait",
                           duration_text(*beyond), expire));
  } else if (beyond != retry.schedule.end() && schedule != nullptr) {
    doubts.add(schedule->begin, "retry.schedule",
               fmt::format("has no effect from {} on: retry.expire, {}, comes first; write a "
                           "longer expire, or leave out the rest",
                           duration_text(*beyond), expire));
  }
  const TomlValue* const notice = table->find("delay_notice");
  if (notice != nullptr && retry.delay_notice >= retry.expire) {
    doubts.add(notice->begin, "retry.delay_notice",
               fmt::format("is never sent: mail is given up at retry.expire, {}; write \"0s\" for "
                           "none, or a shorter time",
                           expire));
  }
}

}  // namespace

std::vector<ConfigError> doubts_about(const TomlValue& root, const Config& config,
                                      const std::string& path) {
  ConfigErrors doubts(path);
  find_dead_patterns(root, config, doubts);
  find_dead_routes(root, config, doubts);
  find_what_expires(root, config, doubts);
  return doubts.take();
}

}  // namespace signpost::config
