// The program: parses the command line and runs the command.
#include "commands/command_line.h"
#include "daemon/version.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace signpost::commands {

namespace {

// Called by a name of sendmail (a link in /usr/sbin), or with that command, whose options are not
// CLI11's to read, it does what the name says. Nothing otherwise.
std::optional<int> try_sendmail(std::span<const std::string_view> words) {
  if (words.empty()) return {};
  const std::string_view name = words[0].substr(words[0].rfind('/') + 1);
  if (name == "sendmail" || name == "mailq" || name == "newaliases") {
    return run_sendmail(name, words.subspan(1), {});
  }
  const bool asks_for_help = words.size() == 3 && words[2] == "--help";
  if (words.size() < 2 || words[1] != "sendmail" || asks_for_help) return {};
  return run_sendmail("sendmail", words.subspan(2), {});
}

void add_commands(CLI::App& app, CommandLine& line) {
  app.fallthrough();  // --config may also follow the command
  app.require_subcommand(1);
  app.add_option("-c,--config", line.config_file, "Configuration file")
      ->type_name("FILE")
      ->capture_default_str();
  app.set_version_flag("--version", fmt::format("signpost {}", daemon::version()),
                       "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.footer(
      "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 78 wrong configuration (serve).\n"
      "`signpost COMMAND --help` shows a command's options and an example.");
  add_serve_command(app, line);
  add_init_command(app, line);
  add_check_command(app, line);
  add_dkim_commands(app, line);
  add_user_commands(app, line);
  add_queue_commands(app, line);
  add_site_commands(app, line);
  add_tls_report_commands(app, line);
  add_provider_commands(app, line);
  add_reload_command(app, line);
  add_reference_command(app, line);
  add_sendmail_command(app, line);
}

// No option takes an empty value, as a shell variable that is not set leaves: it would be the
// option left out, or a file without a name.
void refuse_empty_values(CLI::App& app) {
  const CLI::Validator not_empty(
      [](std::string& value) { return value.empty() ? std::string("is empty") : std::string(); },
      "", "not empty");
  for (CLI::Option* option : app.get_options(std::function<bool(CLI::Option*)>())) {
    if (option->get_type_size() > 0) option->check(not_empty);
  }
  for (CLI::App* command : app.get_subcommands(std::function<bool(CLI::App*)>())) {
    refuse_empty_values(*command);
  }
}

// "--to=": CLI11 would take the next word for the value. "" if there is none.
std::string_view option_without_value(const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) {
    if (word == "--") break;
    if (word.starts_with("--") && word.find('=') == word.size() - 1) return word;
  }
  return {};
}

// CLI11 reports a missing command before it looks at the word in its place, and has words of its
// own for numbers of values.
std::string mistake(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (error.get_name() == "RequiredError" && !unknown.empty()) {
    return "unknown command " + unknown.front();
  }
  const std::string text = error.what();
  if (text == "A subcommand is required") return "a command is missing";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {  // from the last to the first
    std::vector<std::string> words;
    std::istringstream extra(text.substr(std::min(text.find(": ") + 2, text.size())));
    for (std::string word; extra >> word;) words.push_back(word);
    return fmt::format("nothing can be done with {}", fmt::join(words | std::views::reverse, " "));
  }
  if (error.get_name() == "ArgumentMismatch") {
    const std::string option = text.substr(0, text.find(':'));
    if (text.contains("At Most 1 required")) return option + " is given more than once";
    if (text.ends_with(" missing")) return option + " has no value";
  }
  return text;
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  refuse(fmt::format("{}; see --help", mistake(app, error)));
  return kWrongUsage;
}

int run(int argc, char** argv) {
  const std::vector<std::string_view> words(argv, argv + argc);
  if (const auto code = try_sendmail(words)) return *code;
  CommandLine line;
  CLI::App app("SMTP outbound relay and DKIM signing gateway", "signpost");
  add_commands(app, line);
  refuse_empty_values(app);
  if (const auto word = option_without_value(words); !word.empty()) {
    refuse(fmt::format("{} has no value; see --help", word));
    return kWrongUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return wrong_usage(app, error);
  }
  // Messages name it as the configuration's other files are named: by its whole path.
  std::error_code error;
  if (auto path = std::filesystem::absolute(line.config_file, error); !error) {
    line.config_file = path.lexically_normal();
  }
  const int code = line.run();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return refuse("standard output cannot be written");
  }
  return code;
}

}  // namespace

}  // namespace signpost::commands

int main(int argc, char** argv) { return signpost::commands::run(argc, argv); }
