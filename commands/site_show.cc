#include "base/ascii.h"
#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/relay_answer.h"
#include "commands/site_options.h"
#include "commands/table.h"
#include "config/units.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

constexpr std::array kLimits{"connections", "connections_per_address", "messages_per_connection",
                             "recipients_per_transaction", "rate"};

void line(const char* title, const std::string& value) {
  if (!value.empty())
    print(fmt::format("  {:<27}{}\n", title,
                      ascii::printable(smtp::text_with_u_labels(value), 4096)));
}

Json member(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) ? object[key] : Json();
}

std::string pause_text(const Json& pause) {
  if (!pause.is_object()) return "";
  const std::string until = text_of(pause, "until");
  const std::string reason = text_of(pause, "reason");
  return fmt::format("since {} by {}, until {}{}", local_time(text_of(pause, "since")),
                     text_of(pause, "by"), until.empty() ? "it is resumed" : local_time(until),
                     reason.empty() ? "" : ": " + reason);
}

std::string hosts_text(const Json& site) {
  std::string text;
  for (const Json& host : list_of(site, "hosts")) {
    if (!text.empty()) text += ", ";
    text += text_of(host, "name");
  }
  return text;
}

std::string connections_text(const Json& site) {
  const std::string group = text_of(site, "group");
  std::string text = fmt::format("{} open", number_of(site, "connections"));
  if (!group.empty()) {
    text += fmt::format("; {} of {} of all sites of {}", number_of(site, "shared_connections"),
                        number_of(site, "connections_limit"), group);
  } else {
    text += fmt::format(" of {}", number_of(site, "connections_limit"));
  }
  const std::size_t percent = number_of(site, "percent");
  if (percent < 100) {
    text += fmt::format(" ({} % of the usual, since the receiver has asked for less)", percent);
  }
  return text;
}

std::string back_off_text(const Json& site) {
  const std::string next = text_of(site, "next_try");
  if (next.empty()) return "";
  std::string text = fmt::format("{} failures in a row, next try at {}",
                                 number_of(site, "failures"), local_time(next));
  if (member(site, "away_seconds").is_number()) {
    text +=
        fmt::format(", away for {}",
                    config::duration_text(std::chrono::seconds(number_of(site, "away_seconds"))));
  }
  return text;
}

void print_sources(const Json& site) {
  const char* title = "sources";
  for (const Json& source : list_of(site, "sources")) {
    std::string text = fmt::format(
        "{}: {} open, {} of {} in use", text_of(source, "source"), number_of(source, "connections"),
        number_of(source, "shared_connections"), number_of(source, "connections_limit"));
    if (member(source, "warm_up_most").is_number()) {
      fmt::format_to(std::back_inserter(text), ", {} of today's {} messages sent",
                     number_of(source, "warm_up_sent"), number_of(source, "warm_up_most"));
    }
    const std::string waits_for = text_of(source, "waits_for");
    if (!waits_for.empty()) text.append("; ").append(waits_for);
    line(std::exchange(title, ""), text);
  }
}

void print_limits(const Json& site) {
  const Json limits = member(site, "limits");
  for (const char* name : kLimits) {
    const Json limit = member(limits, name);
    const Json value = member(limit, "value");
    if (value.is_null()) continue;
    const std::string from = text_of(limit, "from");
    line(name, fmt::format("{}{}", value.is_string() ? value.get<std::string>() : value.dump(),
                           from.empty() ? "" : fmt::format(" ({})", from)));
  }
}

// As Lane::route has it: the `via`, after ">" when an operator chose it.
std::string route_text(const std::string& route) {
  return route.starts_with('>') ? "redirected to " + route.substr(1) : "via " + route;
}

std::string priority_text(const Json& priority) {
  if (!priority.is_number_integer() || priority == 0) return "";
  return fmt::format(", priority {}", priority.get<int>());
}

void print_lanes(const Json& site) {
  const Json lanes = list_of(site, "some_lanes");
  line("lanes", fmt::format("{}, with {} jobs in memory", number_of(site, "lanes"),
                            number_of(site, "jobs_in_memory")));
  for (const Json& lane : lanes) {
    const std::string route = text_of(lane, "route");
    const std::string pool = text_of(lane, "pool");
    line("", fmt::format("{} of {}{}{}{}", text_of(lane, "domain"), text_of(lane, "account"),
                         route.empty() ? "" : ", " + route_text(route),
                         pool.empty() ? "" : ", from pool " + pool,
                         priority_text(member(lane, "priority"))));
  }
}

void print_site(const Json& site) {
  print(fmt::format("Site {}\n", ascii::printable(shown_text(site, "site"), 4096)));
  line("group", text_of(site, "group"));
  line("state", text_of(site, "state"));
  line("waits for", text_of(site, "waits_for"));
  line("back-off", back_off_text(site));
  line("hosts", hosts_text(site));
  line("open connections", connections_text(site));
  print_sources(site);
  print_limits(site);
  print_lanes(site);
}

}  // namespace

int show_site(const SiteOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto shown = object_of(client->get("/api/v1/site", {{"name", options.name}}));
  if (!shown) return refuse(smtp::text_with_u_labels(shown.error().detail));
  if (options.json) {
    print(json_text(*shown, 2) + "\n");
    return kDone;
  }
  const std::string name = ascii::printable(shown_text(*shown, "name"), 4096);
  const std::string pause = pause_text(member(*shown, "pause"));
  if (!pause.empty()) print(fmt::format("{} is paused\n  {}\n", name, ascii::printable(pause)));
  const Json sites = list_of(*shown, "sites");
  for (const Json& site : sites) print_site(site);
  if (sites.empty()) print(fmt::format("There is no mail for {}.\n", name));
  const std::size_t total = number_of(*shown, "total");
  if (total > sites.size()) print(fmt::format("{} of {} sites\n", sites.size(), total));
  return kDone;
}

}  // namespace signpost::commands
