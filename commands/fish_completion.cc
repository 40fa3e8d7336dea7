#include "commands/completion_words.h"
#include "commands/reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::commands {

namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

// What the value may be, as arguments of `complete`.
std::string values_of(const CommandText& command, const OptionText& option) {
  if (is_file(option)) return " -r -F";
  if (const std::string list = listed_by(command, option); !list.empty()) {
    return " -x -a " + in_quotes("(__signpost_values " + list + ")");
  }
  return option.choices.empty() ? " -x" : " -x -a " + in_quotes(joined(option.choices));
}

std::string option_line(const CommandText& command, const OptionText& option,
                        const std::string& condition) {
  std::string text = "complete -c signpost" + condition;
  if (option.positional) {
    const std::string values = values_of(command, option);
    return values == " -x" ? "" : text + values + "\n";
  }
  text += " -l " + option.name.substr(2);
  if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
  if (!option.value.empty()) text += values_of(command, option);
  return text + " -d " + in_quotes(option.help) + "\n";
}

constexpr std::string_view kFunctions =
    "# Whether the words that are neither options nor values of options are these, or, of a\n"
    "# command, begin with these.\n"
    "function __signpost_at --argument-names kind wanted\n"
    "    set -l words\n"
    "    set -l skip no\n"
    "    for word in (commandline -opc)\n"
    "        if test $skip = yes\n"
    "            set skip no\n"
    "        else if contains -- $word {}\n"
    "            set skip yes\n"
    "        else if not string match -q -- '-*' $word\n"
    "            set -a words $word\n"
    "        end\n"
    "    end\n"
    "    set -e words[1] # the program\n"
    "    test \"$words\" = \"$wanted\"; and return 0\n"
    "    test $kind = command; and string match -q -- \"$wanted *\" \"$words\"\n"
    "end\n"
    "\n"
    "function __signpost_values\n"
    "    signpost $argv[2..-1] --json 2>/dev/null |\n"
    "        string match -rg '\"(?:'(string replace -a , '|' $argv[1])')\": "
    "?\"([A-Za-z0-9._@+:/,-]+)\"' |\n"
    "        sort -u\n"
    "end\n"
    "\n";

}  // namespace

std::string fish_completion(const std::vector<CommandText>& commands) {
  std::vector<std::string> with_values;
  for (const auto& [name, option] : options_with_values(commands)) with_values.push_back(name);
  std::string text =
      "# Completion of signpost for fish: put it into a folder of $fish_complete_path.\n"
      "# Printed by `signpost reference commands --format fish`.\n\n";
  text += fmt::format(fmt::runtime(kFunctions), joined(with_values));
  text += "complete -c signpost -f\ncomplete -c signpost -s h -l help -d 'Print help'\n";
  for (const CommandText& command : commands) {
    const bool group = !command.subcommands.empty();
    const std::string condition =
        fmt::format(" -n \"__signpost_at {} '{}'\"", group ? "group" : "command", command.name());
    for (const CommandText& below : commands) {
      if (below.words.size() != command.words.size() + 1) continue;
      if (!std::equal(command.words.begin(), command.words.end(), below.words.begin())) continue;
      text += fmt::format("complete -c signpost{} -a {} -d {}\n", condition, below.words.back(),
                          in_quotes(below.help));
    }
    for (const OptionText& option : command.options) {
      // Those of the program may follow any command.
      const bool common = command.words.empty() && !option.value.empty();
      text += option_line(command, option, common ? "" : condition);
    }
  }
  return text;
}

}  // namespace signpost::commands
