#include "commands/command_line.h"
#include "commands/not_empty.h"
#include "commands/provider_options.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace signpost::commands {

namespace {

using ProviderAction = int (*)(const ProviderOptions&, const std::string&);

const std::vector<std::string> kCommands{"connect", "ehlo", "starttls", "mail",
                                         "rcpt",    "data", "dot"};

struct Added {
  CLI::App* command;
  std::shared_ptr<ProviderOptions> options;
};

Added add_command(CLI::App& provider, CommandLine& line, const char* name, const char* help,
                  ProviderAction action) {
  CLI::App* command = provider.add_subcommand(name, help);
  auto options = std::make_shared<ProviderOptions>();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return {command, options};
}

}  // namespace

void add_provider_commands(CLI::App& app, CommandLine& line) {
  CLI::App* provider = app.add_subcommand(
      "provider", "Show what is known of large receivers: hosts, limits, replies");
  provider->require_subcommand(1);

  const Added listed = add_command(
      *provider, line, "list", "List the providers with their limits and MX hosts", list_providers);
  listed.command->footer(
      "Reads delivery.providers, or the built-in edition.\n"
      "Example: signpost provider list");

  const Added shown = add_command(
      *provider, line, "show", "Show a provider's limits and what its replies mean", show_provider);
  shown.command->add_option("name", shown.options->name, "Name of a provider")
      ->type_name("NAME")
      ->required()
      ->check(not_empty("write a name that signpost provider list shows"));
  shown.command->footer("Example: signpost provider show google");

  const Added tested =
      add_command(*provider, line, "test",
                  "Look up whose hosts take a domain's mail, and which limits apply", test_domain);
  tested.command->add_option("domain", tested.options->domain, "Domain of recipients")
      ->type_name("DOMAIN")
      ->required()
      ->check(not_empty("write a domain"));
  tested.command
      ->add_option("--from", tested.options->from,
                   "Sender's address, where routes depend on it; without it the null sender")
      ->type_name("ADDRESS")
      ->check(not_empty("write an address"));
  tested.command
      ->add_option("--reply", tested.options->reply, "Say as well what this reply would be about")
      ->type_name("REPLY")
      ->check(not_empty("write a reply with its code"));
  tested.command
      ->add_option("--command", tested.options->command,
                   "What that reply answers: before RCPT it cannot be about a recipient's address")
      ->type_name("COMMAND")
      ->check(CLI::IsMember(kCommands))
      ->capture_default_str();
  tested.command->footer(
      "Asks the name servers of dns.servers. The [[destination]] and [[route]] of the domain are "
      "those of the configuration file, which the running relay may not have read yet.\n"
      "Example: signpost provider test example.net\n"
      "Example: signpost provider test example.net --reply '421 4.7.28 Rate limited'\n"
      "Example: signpost provider test example.net --reply '550 5.1.1 Unknown' --command mail");
}

}  // namespace signpost::commands
