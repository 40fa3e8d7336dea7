#include "commands/command_line.h"

#include <CLI/CLI.hpp>

namespace signpost::commands {

void add_sendmail_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("sendmail", "Do what /usr/sbin/sendmail does (not supported yet)");
  // Its options are not ours: take them all.
  command->fallthrough(false)->prefix_command();
  command->callback([&line] {
    line.run = [] { return refuse("sendmail is not supported yet; submit by SMTP"); };
  });
}

}  // namespace signpost::commands
