#include "commands/command_line.h"
#include "commands/not_empty.h"
#include "commands/site_options.h"
#include "config/units.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace signpost::commands {

namespace {

using SiteAction = int (*)(const SiteOptions&, const std::string&);

struct Added {
  CLI::App* command;
  std::shared_ptr<SiteOptions> options;
};

Added add_command(CLI::App& site, CommandLine& line, const char* name, const char* help,
                  SiteAction action) {
  CLI::App* command = site.add_subcommand(name, help);
  auto options = std::make_shared<SiteOptions>();
  command->add_flag("--json", options->json, "Print JSON, with times in UTC");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return {command, options};
}

void add_name(const Added& added) {
  added.command
      ->add_option("name", added.options->name,
                   "A site as site list shows it, a provider, an mx: table, or a recipient domain")
      ->type_name("NAME")
      ->required()
      ->check(not_empty("write a name that signpost site list shows, or a domain"));
}

const CLI::Validator kTime(
    [](std::string& value) {
      const auto time = config::parse_duration(value);
      return time && time->count() > 0 ? std::string()
                                       : "\"" + value + "\" is not a time such as 30m or 2h";
    },
    "", "time");

}  // namespace

void add_site_commands(CLI::App& app, CommandLine& line) {
  CLI::App* site = app.add_subcommand(
      "site", "Inspect, pause and resume receivers: sets of MX hosts, and next hops of routes");
  site->require_subcommand(1);

  const Added listed =
      add_command(*site, line, "list",
                  "List the sites that have mail or connections, and the pauses", list_sites);
  constexpr std::size_t kMostListed = 1000;
  listed.command->add_option("--limit", listed.options->limit, "Maximum number of sites")
      ->type_name("NUMBER")
      ->check(CLI::Range(std::size_t{1}, kMostListed))
      ->capture_default_str();
  listed.command->footer(
      "First those that are paused, back off or wait for their limits, then those with most lanes. "
      "A lane is the mail of one account for one domain; JOBS counts those in memory, not those in "
      "the store.\n"
      "Example: signpost site list");

  const Added shown = add_command(*site, line, "show",
                                  "Show hosts, limits, back-off and lanes of a site", show_site);
  add_name(shown);
  shown.command->footer(
      "For a provider, up to 20 of its sites. A domain's site is looked up in the DNS.\n"
      "Example: signpost site show example.net\n"
      "Example: signpost site show google");

  const Added paused = add_command(
      *site, line, "pause", "Let mail for a site or a provider wait, and open no connection to it",
      pause_site);
  add_name(paused);
  paused.command
      ->add_option("--for", paused.options->time, "How long; without it until it is resumed")
      ->type_name("TIME")
      ->check(kTime);
  paused.command
      ->add_option("--reason", paused.options->reason,
                   "Shown by queue explain, site list and the log, not to senders")
      ->type_name("TEXT")
      ->check(not_empty("write a reason, or leave the option out"));
  paused.command->footer(
      "Messages under way are finished. What waits is not tried, and expires as usual. It holds "
      "across restarts; pausing the same site again replaces the first pause. A domain stands for "
      "the site that its mail goes to now, with all that goes there.\n"
      "Example: signpost site pause google --for 2h --reason \"they asked us to wait\"");

  const Added resumed =
      add_command(*site, line, "resume", "Let mail for a paused site go again", resume_site);
  add_name(resumed);
  resumed.command->footer("Example: signpost site resume google");
}

}  // namespace signpost::commands
