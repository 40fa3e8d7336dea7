#include "commands/command_line.h"
#include "daemon/serve.h"

#include <CLI/CLI.hpp>

namespace signpost::commands {

void add_serve_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("serve", "Run the relay in the foreground");
  command->footer(
      "SIGTERM stops accepting, finishes what is in flight and ends; SIGHUP reloads.\n"
      "Example: signpost serve -c /etc/signpost/signpost.toml");
  command->callback([&line] { line.run = [&line] { return daemon::serve(line.config_file); }; });
}

}  // namespace signpost::commands
