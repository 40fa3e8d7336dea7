#include "commands/command_line.h"
#include "commands/not_empty.h"
#include "commands/tls_report_options.h"
#include "config/config_values.h"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace signpost::commands {

namespace {

using Action = int (*)(const TlsReportOptions&, const std::string&);

struct Added {
  CLI::App* command;
  std::shared_ptr<TlsReportOptions> options;
};

Added add_command(CLI::App& parent, CommandLine& line, const char* name, const char* help,
                  Action action) {
  CLI::App* command = parent.add_subcommand(name, help);
  auto options = std::make_shared<TlsReportOptions>();
  command->add_flag("--json", options->json, "Print JSON, with times in UTC");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return {command, options};
}

CLI::Option* add_domain(const Added& added) {
  return added.command->add_option("domain", added.options->domain, "A recipient domain")
      ->type_name("DOMAIN")
      ->check(not_empty("write a domain that signpost tlsrpt list shows"));
}

const CLI::Validator kDay(
    [](std::string& value) {
      return config::parse_day(value) ? std::string()
                                      : "\"" + value + "\" is not a day such as 2026-12-01";
    },
    "", "day");

void add_day(const Added& added, const char* help) {
  added.command->add_option("--day", added.options->day, help)->type_name("DAY")->check(kDay);
}

}  // namespace

void add_tls_report_commands(CLI::App& app, CommandLine& line) {
  CLI::App* parent = app.add_subcommand(
      "tlsrpt", "Inspect and send the reports on TLS to domains that ask for them");
  parent->require_subcommand(1);

  const Added listed =
      add_command(*parent, line, "list", "List days and domains, their sessions and their reports",
                  list_tls_reports);
  constexpr std::size_t kMostListed = 1000;
  listed.command->add_option("--limit", listed.options->limit, "Maximum number of reports")
      ->type_name("NUMBER")
      ->check(CLI::Range(std::size_t{1}, kMostListed))
      ->capture_default_str();
  listed.command->footer(
      "The last day first, and on it the domains with most failures. Days are those of UTC. A "
      "report "
      "is waiting for the end of its day, for its time, or to be tried again; it was sent, or "
      "nobody "
      "wants it (no-record), or it failed.\n"
      "Example: signpost tlsrpt list");

  const Added shown =
      add_command(*parent, line, "show", "Print the report on a domain that will be sent, or was",
                  show_tls_report);
  add_domain(shown)->required();
  add_day(shown, "Of this day (UTC), as in 2026-12-01; without it the last one");
  shown.command->footer("Example: signpost tlsrpt show example.net");

  const Added sent = add_command(*parent, line, "send",
                                 "Send reports on days that are over now, without waiting for "
                                 "their time",
                                 send_tls_reports);
  CLI::Option* domain = add_domain(sent);
  CLI::Option* all = sent.command->add_flag("--all", sent.options->all,
                                            "All that have not been sent to those who want them");
  domain->excludes(all);
  add_day(sent, "Of this day (UTC) only, as in 2026-12-01");
  sent.command->footer(
      "A report on a domain is sent again even if it was sent before. The domain's record is "
      "looked "
      "up as always: without one nothing is sent.\n"
      "Example: signpost tlsrpt send example.net\n"
      "Example: signpost tlsrpt send --all");
}

}  // namespace signpost::commands
