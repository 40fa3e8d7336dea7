#include "commands/admin_client.h"
#include "commands/command_line.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

// The strings of "errors", or else the whole answer.
std::vector<std::string> errors_of(const AdminClient::Answer& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  std::vector<std::string> errors;
  if (body.is_object() && body.contains("errors") && body["errors"].is_array()) {
    for (const Json& error : body["errors"]) {
      if (error.is_string()) errors.push_back(error.get<std::string>());
    }
  }
  if (errors.empty()) {
    errors.push_back(fmt::format("the relay answered {}: {}", answer.status, answer.body));
  }
  return errors;
}

int reload(const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (!client) return refuse(client.error().detail);
  const auto answer = client->post("/api/v1/reload", "{}");
  if (!answer) return refuse(answer.error().detail);
  if (answer->status != 200) {
    refuse(errors_of(*answer));
    return refuse("nothing was reloaded; the old configuration stays in force");
  }
  print("reloaded\n");
  return kDone;
}

}  // namespace

void add_reload_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("reload", "Make the running relay read its configuration again");
  command->footer(
      "All or nothing: a mistake is shown and leaves the old configuration in force.\n"
      "Example: signpost check && signpost reload");
  command->callback([&line] { line.run = [&line] { return reload(line.config_file); }; });
}

}  // namespace signpost::commands
