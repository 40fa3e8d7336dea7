#include "commands/admin_client.h"
#include "commands/command_line.h"
#include "config/broken_file.h"
#include "config/config_file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

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

std::vector<std::string> texts_of(const std::vector<config::ConfigError>& errors) {
  std::vector<std::string> texts;
  std::ranges::transform(errors, std::back_inserter(texts), &config::ConfigError::text);
  return texts;
}

// The socket of the relay that has this file, as far as it can be read; "": not to be found.
std::string socket_of(const config::LoadedConfig& loaded, const std::string& config_file) {
  if (loaded.config) {
    const bool is_wrong = std::ranges::find(loaded.errors, "admin.socket",
                                            &config::ConfigError::key) != loaded.errors.end();
    return is_wrong ? loaded.config->data_dir + "/admin.sock" : loaded.config->admin_socket;
  }
  std::string socket = config::admin_socket_of_broken(config_file);
  if (socket.empty() && config_file == CommandLine().config_file) {
    socket = config::Config().data_dir + "/admin.sock";
  }
  return socket;
}

// A mistake that keeps this command from reading where the relay is must not keep the relay from
// counting and logging that the reload was refused.
Result<AdminClient> find_relay(const config::LoadedConfig& loaded, const std::string& config_file) {
  auto client = AdminClient::create(config_file);
  if (client || loaded.errors.empty()) return client;
  const std::string socket = socket_of(loaded, config_file);
  if (socket.empty()) return client;
  auto other = AdminClient::at_socket(socket, config_file);
  return other ? std::move(other) : std::move(client);
}

int reload(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  auto client = find_relay(loaded, config_file);
  if (!client) {
    if (!loaded.config) {
      refuse(texts_of(loaded.errors));
      return refuse(
          fmt::format("no running relay is found by what can be read of {}: nothing was reloaded",
                      config_file));
    }
    return refuse(client.error().detail);
  }
  const auto answer = client->post("/api/v1/reload", "{}");
  if (!answer) return refuse(answer.error().detail);
  if (answer->status != 200) {
    refuse(errors_of(*answer));
    return refuse("nothing was reloaded; the old configuration stays in force");
  }
  if (!loaded.config) {  // the relay was started with another file
    refuse(texts_of(loaded.errors));
    return refuse(fmt::format("the relay reloaded its own configuration, not {}", config_file));
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
      "The relay counts and logs it, too.\n"
      "Example: signpost check && signpost reload");
  command->callback([&line] { line.run = [&line] { return reload(line.config_file); }; });
}

}  // namespace signpost::commands
