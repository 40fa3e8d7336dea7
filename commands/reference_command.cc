#include "auth/user_keys.h"
#include "commands/command_line.h"
#include "commands/command_text.h"
#include "commands/reference.h"
#include "relay/event_reference.h"
#include "relay/metrics_reference.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace signpost::commands {

namespace {

struct Table {
  const char* name;
  // "" if the table has no such format. `app` is the whole command line.
  std::string (*print)(Format format, const CLI::App& app);
};

constexpr std::array kTables{
    Table{"keys", [](Format format,
                     const CLI::App&) { return keys_reference(format, config::sections()); }},
    Table{"users",
          [](Format format, const CLI::App&) {
            return keys_reference(format,
                                  {{.name = "login", .keys = auth::user_keys(), .read = {}}});
          }},
    Table{"commands",
          [](Format format, const CLI::App& app) {
            return commands_reference(format, describe_commands(app));
          }},
    Table{"metrics",
          [](Format format, const CLI::App&) {
            return format == Format::Markdown ? relay::metrics_reference() : "";
          }},
    Table{"events",
          [](Format format, const CLI::App&) {
            return format == Format::Markdown ? relay::event_reference()
                   : format == Format::Json   ? relay::event_schema()
                                              : "";
          }},
};

const std::map<std::string, Format> kFormats{
    {"markdown", Format::Markdown}, {"man", Format::Man}, {"json", Format::Json},
    {"bash", Format::Bash},         {"zsh", Format::Zsh}, {"fish", Format::Fish}};

struct ReferenceOptions {
  std::string table;
  std::string format = "markdown";
};

int show(const ReferenceOptions& options, const CLI::App& app) {
  const auto* const table = std::ranges::find_if(
      kTables, [&](const Table& known) { return known.name == options.table; });
  const std::string text = table->print(kFormats.at(options.format), app);
  if (text.empty()) {
    return refuse(fmt::format("{} cannot be printed as {}", options.table, options.format));
  }
  print(text);
  return kDone;
}

}  // namespace

void add_reference_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("reference", "Print what the documentation's tables are made from");
  auto options = std::make_shared<ReferenceOptions>();
  std::vector<std::string> tables;
  tables.reserve(std::size(kTables));
  for (const Table& table : kTables) tables.emplace_back(table.name);
  command->add_option("table", options->table, "What to print")
      ->required()
      ->check(CLI::IsMember(tables));
  command->add_option("--format", options->format, "bash, zsh and fish are completion scripts")
      ->type_name("FORMAT")
      ->check(
          CLI::IsMember(std::vector<std::string>{"markdown", "man", "json", "bash", "zsh", "fish"}))
      ->capture_default_str();
  command->footer("Example: signpost reference keys --format json");
  command->callback(
      [&app, &line, options] { line.run = [&app, options] { return show(*options, app); }; });
}

}  // namespace signpost::commands
