#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/relay_answer.h"
#include "commands/site_options.h"
#include "commands/table.h"
#include "commands/terminal.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;
using enum Table::Align;
using enum Table::Fit;

std::string time_text(const std::string& utc) {
  return output_width() == 0 ? local_time(utc) : short_local_time(utc);
}

std::string until_text(const Json& pause) {
  const std::string until = text_of(pause, "until");
  return until.empty() ? "resumed" : time_text(until);
}

// A set of hosts says no more than the name of the site.
std::string group_text(const Json& site) {
  const std::string group = shown_text(site, "group");
  return group.starts_with("mx:") && !group.contains('*') ? "" : group;
}

std::string sites_table(const Json& sites) {
  Table table({{"SITE", Left, Cut},
               {"GROUP"},
               {"STATE"},
               {"CONNECTIONS", Right},
               {"LIMIT", Right, Spare},
               {"LANES", Right},
               {"JOBS", Right, Spare},
               {"NEXT TRY"},
               {"WAITS FOR", Left, Cut}},
              output_width());
  for (const Json& site : sites) {
    table.add({shown_text(site, "site"), group_text(site), text_of(site, "state"),
               std::to_string(number_of(site, "connections")),
               std::to_string(number_of(site, "connections_limit")),
               std::to_string(number_of(site, "lanes")),
               std::to_string(number_of(site, "jobs_in_memory")),
               time_text(text_of(site, "next_try")), shown_text(site, "waits_for")});
  }
  return table.take();
}

std::string pauses_table(const Json& pauses) {
  Table table({{"PAUSED"}, {"SINCE"}, {"UNTIL"}, {"BY", Left, Cut}, {"REASON", Left, Cut}},
              output_width());
  for (const Json& pause : pauses) {
    table.add({shown_text(pause, "site"), time_text(text_of(pause, "since")), until_text(pause),
               text_of(pause, "by"), text_of(pause, "reason")});
  }
  return table.take();
}

}  // namespace

int list_sites(const SiteOptions& options, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto listing =
      object_of(client->get("/api/v1/sites", {{"limit", std::to_string(options.limit)}}));
  if (!listing) return refuse(listing.error().detail);
  if (options.json) {
    print(json_text(*listing, 2) + "\n");
    return kDone;
  }
  const Json sites = list_of(*listing, "sites");
  const Json pauses = list_of(*listing, "pauses");
  if (!sites.empty()) print(sites_table(sites));
  const std::size_t total = number_of(*listing, "total");
  print(fmt::format("{} site{}{}\n", sites.size(), sites.size() == 1 ? "" : "s",
                    total > sites.size() ? fmt::format(" of {}", total) : ""));
  if (!pauses.empty()) print("\n" + pauses_table(pauses));
  return kDone;
}

}  // namespace signpost::commands
