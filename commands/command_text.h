// The commands as the command line itself describes them: what the man page, docs/commands.md and
// the shell completions are printed from.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace signpost::commands {

struct OptionText {
  std::string name;        // "--config"; of a positional "id"
  std::string short_name;  // "-c", or ""
  std::string value;       // "FILE"; "" of a flag
  std::string help;
  std::string initial;  // the default that help shows, or ""
  std::vector<std::string> choices;
  bool positional = false;
  bool required = false;
  bool repeats = false;
};

struct CommandText {
  std::vector<std::string> words;  // {"queue", "list"}; none for the program itself
  std::string help;
  std::vector<std::string> details;   // more sentences
  std::vector<std::string> examples;  // command lines
  std::vector<OptionText> options;    // without --help, which all have
  std::vector<std::string> subcommands;

  std::string name() const;  // "queue list"
};

// Every command, each before its subcommands; the program itself first.
std::vector<CommandText> describe_commands(const CLI::App& app);

// "--to DOMAIN" in brackets unless it is required, with "..." if it may be repeated. `bold` and
// `italic` mark up literal text and placeholders.
std::string usage_of(const OptionText& option, std::string (*bold)(std::string_view),
                     std::string (*italic)(std::string_view));

}  // namespace signpost::commands
