#include "base/ascii.h"
#include "commands/command_line.h"
#include "commands/not_empty.h"
#include "commands/queue_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace signpost::commands {

namespace {

using QueueAction = int (*)(const QueueOptions&, const std::string&);

struct Added {
  CLI::App* command;
  std::shared_ptr<QueueOptions> options;
};

Added add_command(CLI::App& queue, CommandLine& line, const char* name, const char* help,
                  QueueAction action) {
  CLI::App* command = queue.add_subcommand(name, help);
  auto options = std::make_shared<QueueOptions>();
  command->add_flag("--json", options->json, "Print JSON, with times in UTC");
  command->callback([&line, options, action] {
    line.run = [&line, options, action] { return action(*options, line.config_file); };
  });
  return {command, options};
}

// Without this "-1" would be taken for a very large number.
const CLI::Validator kWholeNumber(
    [](std::string& value) {
      constexpr std::size_t kMostDigits = 9;
      const bool good = !value.empty() && value.size() <= kMostDigits &&
                        std::ranges::all_of(value, ascii::is_digit);
      return good ? std::string() : "\"" + value + "\" is not a whole number from 0 to 999999999";
    },
    "", "whole number");

// `otherwise`: what to do without the filter.
void add_filters(const Added& added, const std::string& otherwise) {
  added.command
      ->add_option("--to", added.options->to,
                   "Recipient domain or address; * matches any characters")
      ->type_name("DOMAIN|ADDRESS")
      ->check(not_empty("write a domain or an address, or " + otherwise));
  added.command
      ->add_option("--from", added.options->from,
                   "Sender's domain or address, * as in --to; <> is the null sender")
      ->type_name("DOMAIN|ADDRESS")
      ->check(not_empty("write a domain or an address, <> for the null sender, or " + otherwise));
  added.command
      ->add_option("--user", added.options->user,
                   "Login that submitted it, * as in --to; @domain is *@domain")
      ->type_name("LOGIN")
      ->check(not_empty("write a login, or " + otherwise));
  added.command
      ->add_option("--site", added.options->site,
                   "Site, provider or domain that their mail goes to now; * matches any characters")
      ->type_name("SITE")
      ->check(not_empty("write a site, a provider or a domain, or " + otherwise));
  added.command
      ->add_option("--tenant", added.options->tenant,
                   "Tenant whose logins or networks submitted it, by the users now")
      ->type_name("TENANT")
      ->check(not_empty("write a tenant, or " + otherwise));
}

constexpr const char* kListAll = "leave the option out to see all";
constexpr const char* kChangeAll = "use --all for the whole queue";

void add_state(const Added& added) {
  added.command
      ->add_option("--state", added.options->state, "State of the jobs; active: being delivered")
      ->type_name("STATE")
      ->check(CLI::IsMember({"ready", "active", "deferred", "scheduled", "held"}));
}

void add_limit(const Added& added, const char* help) {
  added.command->add_option("--limit", added.options->limit, help)
      ->type_name("NUMBER")
      ->check(kWholeNumber)
      ->capture_default_str();
}

Added add_change(CLI::App& queue, CommandLine& line, const char* name, const char* help,
                 QueueAction action) {
  Added added = add_command(queue, line, name, help, action);
  added.command->add_option("id", added.options->id, "Queue ID of a message")
      ->check(not_empty("write the ID that the reply to the message named"));
  add_filters(added, kChangeAll);
  added.command->add_flag("--all", added.options->all, "The whole queue");
  return added;
}

void add_listings(CLI::App& queue, CommandLine& line) {
  const Added listed = add_command(queue, line, "list", "List the jobs of the queue", list_queue);
  add_filters(listed, kListAll);
  add_state(listed);
  add_limit(listed, "Maximum number; 0 is all");
  listed.command->footer(
      "One job for each message and recipient domain. TRIES counts attempts that were made.\n"
      "On a terminal, columns are left out or cut to fit; a pipe or --json gets all of them.\n"
      "Example: signpost queue list --to example.net --state deferred");

  const Added summed =
      add_command(queue, line, "summary", "Count the jobs by state, domain, site, reply and login",
                  sum_up_queue);
  add_filters(summed, kListAll);
  add_state(summed);
  constexpr std::size_t kShownGroups = 10;
  summed.options->limit = kShownGroups;
  add_limit(summed, "Maximum number of rows of each table; 0 is all");
  summed.command->footer(
      "A site is a set of MX hosts or the host of a route. Replies are counted by code and "
      "enhanced status.\n"
      "Example: signpost queue summary --to '*.example.net'");

  const Added shown =
      add_command(queue, line, "show", "Show one message and its jobs", show_message);
  shown.command->add_option("id", shown.options->id, "Queue ID of a message")->required();
  shown.command->footer("Example: signpost queue show 0ekl4hfn2m5r1d8g");

  const Added explained =
      add_command(queue, line, "explain",
                  "Say in words what happened to a message, and what comes next", explain_jobs);
  explained.command->add_option("id", explained.options->id, "Queue ID, or address of a recipient")
      ->type_name("ID|ADDRESS")
      ->required()
      ->check(not_empty("write the ID that the reply to the message named"));
  explained.command->footer(
      "What the last reply means, what holds up its receiver, when it is tried again, and when it "
      "is given up, by the retry.expire in force and what its sender asked for.\n"
      "Example: signpost queue explain customer@example.net");
}

void add_changes(CLI::App& queue, CommandLine& line) {
  const Added again = add_change(queue, line, "retry",
                                 "Make jobs due now, and try their receivers at once", retry_jobs);
  again.command->footer(
      "Held jobs stay held.\n"
      "Example: signpost queue retry --to example.net\n"
      "Example: signpost queue retry --all");

  const Added kept = add_change(queue, line, "hold", "Keep jobs from being tried", hold_jobs);
  kept.command->footer(
      "Until they are released they are neither tried, expired nor reported on, across restarts "
      "too.\n"
      "Example: signpost queue hold --user shop");

  const Added freed = add_change(
      queue, line, "release",
      "Make held and scheduled jobs due now; of one that is both, the first release ends the hold",
      release_jobs);
  freed.command->footer("Example: signpost queue release --user shop");

  const Added gone =
      add_change(queue, line, "remove", "Remove jobs irrevocably, without a report to the sender",
                 remove_jobs);
  gone.command->add_flag("--yes", gone.options->yes,
                         "Do not ask; required with a filter where there is no terminal");
  gone.command->footer(
      "On a terminal it shows a summary and asks first; mail that is accepted meanwhile stays.\n"
      "Example: signpost queue remove --user shop --yes");

  const Added failed = add_change(
      queue, line, "bounce", "Give jobs up now, and report that to their senders", bounce_jobs);
  failed.command
      ->add_option("--reason", failed.options->reason, "For the sender, in one line of ASCII")
      ->type_name("TEXT")
      ->check(not_empty("write a reason, or leave the option out for the usual words"));
  failed.command->add_flag("--yes", failed.options->yes,
                           "Do not ask; required with a filter where there is no terminal");
  failed.command->footer(
      "The report is that of any failure (5.0.0), one for all recipients of a message. Held jobs "
      "are given up too. On a terminal it shows a summary and asks first.\n"
      "Example: signpost queue bounce --to example.net --reason \"example.net is closed\" --yes");

  const Added moved = add_change(queue, line, "redirect",
                                 "Send jobs to a different next hop than usual", redirect_jobs);
  moved.command
      ->add_option("--via", moved.options->via,
                   "A via of the [[route]] tables, without its login; mx: by MX records")
      ->type_name("VIA")
      ->check(not_empty("write mx, or a via that the configuration has"));
  moved.command->add_flag("--clear", moved.options->clear, "Restore normal routing");
  moved.command->footer(
      "Redirected jobs are due now, held and scheduled ones when that is over; attempts are kept. "
      "It holds across restarts, until they leave the queue or the configuration has no such route "
      "any more. New mail goes the usual way.\n"
      "Example: signpost queue redirect --site mx:mx.example.net --via smtp://relay.example:25\n"
      "Example: signpost queue redirect --site smtp:relay.example:25 --via mx\n"
      "Example: signpost queue redirect --to example.net --clear");
}

}  // namespace

void add_queue_commands(CLI::App& app, CommandLine& line) {
  CLI::App* queue =
      app.add_subcommand("queue", "Inspect and change the queue of the running relay");
  queue->require_subcommand(1);
  add_listings(*queue, line);
  add_changes(*queue, line);
}

}  // namespace signpost::commands
