#include "commands/command_text.h"

#include "base/ascii.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace signpost::commands {

namespace {

constexpr std::string_view kExample = "Example: ";

// "STATE:{ready,active}": a name, and what a validator says of the values.
void read_type(const CLI::Option& option, OptionText& text) {
  const std::string type = option.get_type_size() == 0 ? "" : option.get_type_name();
  text.value = type.substr(0, type.find(':'));
  const std::size_t begin = type.find(":{");
  if (begin == std::string::npos) return;
  const std::size_t end = std::min(type.find('}', begin), type.size());
  for (const std::string_view word :
       ascii::split(std::string_view(type).substr(begin + 2, end - begin - 2), ',')) {
    text.choices.emplace_back(word);
  }
}

OptionText describe(const CLI::Option& option) {
  OptionText text;
  text.positional = !option.nonpositional();
  if (text.positional) {
    text.name = option.get_name(true, false);
  } else {
    text.name = option.get_lnames().empty() ? "" : "--" + option.get_lnames().front();
    text.short_name = option.get_snames().empty() ? "" : "-" + option.get_snames().front();
  }
  read_type(option, text);
  text.help = option.get_description();
  text.initial = option.get_default_str();
  text.required = option.get_required();
  text.repeats = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  return text;
}

void read_footer(const std::string& footer, CommandText& text) {
  for (const std::string_view line : ascii::split(footer, '\n')) {
    if (line.empty()) continue;
    if (line.starts_with(kExample)) {
      text.examples.emplace_back(line.substr(kExample.size()));
    } else {
      text.details.emplace_back(line);
    }
  }
}

void add_command(const CLI::App& app, std::vector<std::string> words,
                 std::vector<CommandText>& commands) {
  CommandText text;
  text.words = words;
  text.help = app.get_description();
  // A command without a footer inherits that of the command above it.
  const CLI::App* const above = app.get_parent();
  if (above == nullptr || above->get_footer() != app.get_footer()) {
    read_footer(app.get_footer(), text);
  }
  for (const CLI::Option* option : app.get_options({})) {
    if (option != app.get_help_ptr()) text.options.push_back(describe(*option));
  }
  const std::vector<const CLI::App*> below = app.get_subcommands({});
  for (const CLI::App* command : below) text.subcommands.push_back(command->get_name());
  commands.push_back(std::move(text));
  for (const CLI::App* command : below) {
    words.push_back(command->get_name());
    add_command(*command, words, commands);
    words.pop_back();
  }
}

}  // namespace

std::string CommandText::name() const { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<CommandText> describe_commands(const CLI::App& app) {
  std::vector<CommandText> commands;
  add_command(app, {}, commands);
  return commands;
}

std::string usage_of(const OptionText& option, std::string (*bold)(std::string_view),
                     std::string (*italic)(std::string_view)) {
  std::string text;
  if (option.positional) {
    std::string name = option.name;
    std::ranges::transform(name, name.begin(), ascii::to_upper);
    text = option.choices.empty() ? italic(name)
                                  : bold(fmt::format("{}", fmt::join(option.choices, "|")));
  } else {
    text = bold(option.name);
    if (!option.choices.empty()) {
      text += " " + bold(fmt::format("{}", fmt::join(option.choices, "|")));
    } else if (!option.value.empty()) {
      text += " " + italic(option.value);
    }
  }
  if (!option.required) text = "[" + text + "]";
  return option.repeats ? text + "..." : text;
}

}  // namespace signpost::commands
