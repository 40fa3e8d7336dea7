#include "config/config_doubts.h"

#include "config/table_entry.h"
#include "config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace signpost::config {

namespace {

// Does `wide` match every domain that `narrow` matches?
bool covers(std::string_view wide, std::string_view narrow) {
  if (wide == narrow || wide == "*") return true;
  const bool of_hosts = wide.starts_with(kMxPrefix);
  if (of_hosts != narrow.starts_with(kMxPrefix)) return false;
  if (of_hosts) return covers(wide.substr(kMxPrefix.size()), narrow.substr(kMxPrefix.size()));
  if (narrow == "*" || !wide.starts_with("*.")) return false;
  // "*.shop.example" is all subdomains of shop.example, which "*.example" covers.
  if (narrow.starts_with("*.")) narrow.remove_prefix(2);
  return domain_matches(wide, narrow);
}

// Senders are "@domain" or an address.
bool covers_sender(std::string_view wide, std::string_view narrow) {
  return wide == narrow || (wide.starts_with('@') && narrow.ends_with(wide));
}

using Covers = bool (*)(std::string_view, std::string_view);

// Does one of `wide` cover `narrow`? An empty list, and an empty pattern, means everything.
bool cover(const std::vector<std::string>& wide, const std::string& narrow, Covers covers_one) {
  if (wide.empty() || narrow.empty()) return wide.empty();
  return std::ranges::any_of(
      wide, [&](const std::string& pattern) { return covers_one(pattern, narrow); });
}

std::vector<std::string> or_everything(const std::vector<std::string>& patterns) {
  return patterns.empty() ? std::vector<std::string>{""} : patterns;
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

using Routes = std::vector<Entry<RouteConfig>>;

// What a route takes, one of each.
struct Mail {
  std::string recipient;
  std::string sender;
  std::string login;  // "": with any, or without one
};

std::vector<Mail> mail_of(const RouteConfig& route) {
  std::vector<std::string> logins = route.logins;
  if (logins.empty()) logins.emplace_back();
  std::vector<Mail> all;
  for (const std::string& recipient : or_everything(route.recipients)) {
    for (const std::string& sender : or_everything(route.senders)) {
      for (const std::string& login : logins) all.push_back({recipient, sender, login});
    }
  }
  return all;
}

bool takes(const RouteConfig& route, const Mail& mail) {
  const bool login_fits =
      route.logins.empty() ||
      (!mail.login.empty() && std::ranges::find(route.logins, mail.login) != route.logins.end());
  return login_fits && cover(route.recipients, mail.recipient, covers) &&
         cover(route.senders, mail.sender, covers_sender);
}

// The lines of the routes before the one of `number` that together take all of its mail; empty if
// some is left for it. Each recipient with a sender and a login needs one that covers them.
std::set<unsigned> lines_before(const Routes& routes, std::size_t number) {
  const RouteConfig& route = routes[number].section;
  std::set<unsigned> lines;
  for (const Mail& mail : mail_of(route)) {
    const auto end = routes.begin() + static_cast<std::ptrdiff_t>(number);
    const auto before = std::find_if(routes.begin(), end,
                                     [&](const auto& other) { return takes(other.section, mail); });
    if (before == end) return {};
    lines.insert(before->table.begin.line);
  }
  return lines;
}

void find_dead_routes(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  const auto routes = entries(root, "route", config.routes);
  for (std::size_t number = 0; number < routes.size(); ++number) {
    const std::set<unsigned> lines = lines_before(routes, number);
    if (lines.empty()) continue;
    const std::string words =
        lines.size() == 1
            ? fmt::format(
                  "the one in line {} comes first and takes all of its mail; put this table before "
                  "that one",
                  *lines.begin())
            : fmt::format(
                  "those in lines {} and {} come first and together take all of its mail; put this "
                  "table before them",
                  fmt::join(lines.begin(), std::prev(lines.end()), ", "), *lines.rbegin());
    doubts.add(routes[number].at("via"), "route", "is never used: " + words);
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

// Only of who asked for DANE: by default it is on where it can be.
void find_dane_without_trust(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  const TomlValue* const table = root.find("delivery");
  const TomlValue* const dane = table == nullptr ? nullptr : table->find("dane");
  if (dane == nullptr || !config.delivery.dane) return;
  if (config.trust_ad == TrustAd::Never) {
    doubts.add(dane->begin, "delivery.dane",
               "has no effect: dns.trust_ad is false; write \"auto\" there, and have a resolver on "
               "this machine validate");
  }
  const auto elsewhere = std::ranges::find_if(
      config.dns_servers,
      [](const net::SocketAddress& server) { return !server.ip.is_loopback(); });
  if (config.trust_ad == TrustAd::Auto && elsewhere != config.dns_servers.end()) {
    doubts.add(dane->begin, "delivery.dane",
               fmt::format("has no effect: {} in dns.servers is another machine, which anyone on "
                           "the way can speak for; ask a validating resolver on this machine, or "
                           "write dns.trust_ad = true if the way is safe",
                           elsewhere->text()));
  }
}

void find_unused_sources(const TomlValue& root, const Config& config, ConfigErrors& doubts) {
  for (const auto& entry : entries(root, "source", config.sources)) {
    const auto uses = [&](const PoolConfig& pool) {
      const auto& own = pool.sources;
      return std::ranges::find(own, entry.section.addresses.front()) != own.end();
    };
    if (entry.section.addresses.empty() || std::ranges::any_of(config.pools, uses)) continue;
    doubts.add(entry.at("address"), "source.address",
               fmt::format("sends nothing: no [[pool]] has {}; write it into sources there",
                           toml_string(entry.section.name())));
  }
}

}  // namespace

std::vector<ConfigError> doubts_about(const TomlValue& root, const Config& config,
                                      const std::string& path) {
  ConfigErrors doubts(path);
  find_dead_patterns(root, config, doubts);
  find_dead_routes(root, config, doubts);
  find_what_expires(root, config, doubts);
  find_unused_sources(root, config, doubts);
  find_dane_without_trust(root, config, doubts);
  return doubts.take();
}

}  // namespace signpost::config
