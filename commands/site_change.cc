#include "base/ascii.h"
#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "commands/relay_answer.h"
#include "commands/site_options.h"
#include "commands/table.h"
#include "smtp/idna.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

Result<Json> post(const std::string& config_file, const char* path, const Json& body) {
  auto client = AdminClient::create(config_file);
  if (!client) return Failure(client.error());
  return object_of(client->post(path, json_text(body, -1)));
}

}  // namespace

int pause_site(const SiteOptions& options, const std::string& config_file) {
  Json body{{"name", options.name}};
  if (!options.time.empty()) body["for"] = options.time;
  if (!options.reason.empty()) body["reason"] = options.reason;
  const auto paused = post(config_file, "/api/v1/site/pause", body);
  if (!paused) return refuse(smtp::text_with_u_labels(paused.error().detail));
  if (options.json) {
    print(json_text(*paused, 2) + "\n");
    return kDone;
  }
  const std::string site = ascii::printable(shown_text(*paused, "site"));
  const std::string until = text_of(*paused, "until");
  print(until.empty() ? fmt::format("{} is paused until signpost site resume {}\n", site,
                                    ascii::printable(options.name))
                      : fmt::format("{} is paused until {}\n", site, local_time(until)));
  return kDone;
}

int resume_site(const SiteOptions& options, const std::string& config_file) {
  const auto resumed = post(config_file, "/api/v1/site/resume", {{"name", options.name}});
  if (!resumed) return refuse(smtp::text_with_u_labels(resumed.error().detail));
  print(options.json
            ? json_text(*resumed, 2) + "\n"
            : fmt::format("{} is resumed\n", ascii::printable(shown_text(*resumed, "site"))));
  return kDone;
}

}  // namespace signpost::commands
