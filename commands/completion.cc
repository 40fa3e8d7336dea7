#include "commands/completion_words.h"
#include "commands/reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace signpost::commands {

namespace {

// --- zsh ----------------------------------------------------------------------------------------

// In single quotes; characters with a meaning to _arguments and _describe are escaped.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (c == ':' || c == '[' || c == ']') result += '\\';
    result += c;
  }
  return result;
}

// The blank in front: without it _arguments puts words of its own before ours.
std::string zsh_action(const CommandText& command, const OptionText& option) {
  if (is_file(option)) return "_files";
  if (const std::string list = listed_by(command, option); !list.empty()) {
    return " _signpost_values " + list;
  }
  return option.choices.empty() ? "" : "(" + joined(option.choices) + ")";
}

std::string zsh_option(const CommandText& command, const OptionText& option) {
  if (option.positional) {
    return fmt::format("'{}:{}:{}'", option.required ? "" : ":", zsh_text(option.name),
                       zsh_action(command, option));
  }
  const std::string value = option.value.empty() ? ""
                                                 : fmt::format(":{}:{}", zsh_text(option.value),
                                                               zsh_action(command, option));
  const std::string tail = fmt::format("[{}]{}'", zsh_text(option.help), value);
  if (!option.short_name.empty()) {
    return fmt::format("'({0} {1})'{{{0},{1}}}'{2}", option.short_name, option.name, tail);
  }
  return fmt::format("'{}{}{}", option.repeats ? "*" : "", option.name, tail);
}

std::string zsh_function(const CommandText& command) {
  return "_signpost" + (command.words.empty() ? "" : "_" + joined(command.words, "_"));
}

// Completes the word after `command`: one of its subcommands, then that one's arguments.
void add_zsh_group(const CommandText& command, const std::vector<CommandText>& commands,
                   std::string& text) {
  text += zsh_function(command) + "() {\n  local curcontext=$curcontext state line\n";
  std::string names;
  std::string cases;
  std::string own;  // options that the commands below do not take
  for (const CommandText& below : commands) {
    if (below.words.size() != command.words.size() + 1 ||
        !std::equal(command.words.begin(), command.words.end(), below.words.begin())) {
      continue;
    }
    const std::string& name = below.words.back();
    names += fmt::format("\n    '{}:{}'", name, zsh_text(below.help));
    cases += fmt::format("        {}) ", name);
    if (!below.subcommands.empty()) {
      cases += zsh_function(below) + " ;;\n";
      continue;
    }
    cases += "_arguments $common";
    for (const OptionText& option : below.options) {
      cases += " \\\n          " + zsh_option(below, option);
    }
    cases += " ;;\n";
  }
  if (command.words.empty()) {
    text += "  local -a common=(\n    '(-h --help)'{-h,--help}'[show help]'";
    for (const OptionText& option : common_options(command))
      text += "\n    " + zsh_option(command, option);
    text += ")\n";
    for (const OptionText& option : command.options) {
      if (option.value.empty()) own += zsh_option(command, option) + " ";
    }
  }
  text += fmt::format(
      "  local -a commands=({})\n"
      "  _arguments -C $common {}'1:command:->command' '*::argument:->argument'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    argument)\n"
      "      case $words[1] in\n"
      "{}"
      "      esac ;;\n"
      "  esac\n"
      "}}\n\n",
      names, own, cases);
}

}  // namespace

std::string bash_completion(const std::vector<CommandText>& commands) {
  const auto with_values = options_with_values(commands);
  std::vector<std::string> files;
  std::vector<std::string> all;
  std::vector<std::string> others;
  std::string choices;
  for (const auto& [name, option] : with_values) {
    all.push_back(name);
    const std::string list = listed_by({}, option);
    if (is_file(option)) {
      files.push_back(name);
    } else if (!list.empty()) {
      choices +=
          fmt::format("    {}) _signpost_offer \"$(_signpost_list {})\"; return ;;\n", name, list);
    } else if (option.choices.empty()) {
      others.push_back(name);
    } else {
      choices +=
          fmt::format("    {}) _signpost_offer \"{}\"; return ;;\n", name, joined(option.choices));
    }
  }
  std::string cases;
  for (const CommandText& command : commands) {
    const std::vector<std::string> words = words_after(command);
    if (words.empty() && command.options.empty()) continue;
    // Arguments may follow a command, but not a group of commands.
    const std::string name = command.name();
    const std::string pattern =
        command.subcommands.empty() ? fmt::format("\"{0}\"|\"{0} \"*", name) : "\"" + name + "\"";
    std::string lists;
    for (const OptionText& option : command.options) {
      const std::string list = option.positional ? listed_by(command, option) : "";
      if (!list.empty()) lists += fmt::format(" $(_signpost_list {})", list);
    }
    cases += fmt::format("    {}) words+=\" {}{}\" ;;\n", pattern, joined(words), lists);
  }
  std::vector<std::string> common{"--help"};
  for (const OptionText& option : common_options(commands.front())) common.push_back(option.name);
  return fmt::format(
      "# Completion of signpost for bash: put it into\n"
      "# /usr/share/bash-completion/completions/signpost.\n"
      "# Printed by `signpost reference commands --format bash`.\n"
      "\n"
      "{}"
      "\n"
      "# Those words that begin with the current one, of which bash replaces what follows the "
      "last\n"
      "# colon.\n"
      "_signpost_offer() {{\n"
      "  COMPREPLY=($(compgen -W \"$1\" -- \"$current\"))\n"
      "  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] || return\n"
      "  local before=${{current%\"${{current##*:}}\"}}\n"
      "  COMPREPLY=(\"${{COMPREPLY[@]#\"$before\"}}\")\n"
      "}}\n"
      "\n"
      "_signpost() {{\n"
      "  local word command= skip= glue=\n"
      "  local -a given=()\n"
      "  COMPREPLY=()\n"
      "\n"
      "  # Bash splits words at colons: mx:mx.example.net is three.\n"
      "  for word in \"${{COMP_WORDS[@]:0:COMP_CWORD+1}}\"; do\n"
      "    if [[ -n $glue ]]; then\n"
      "      given[-1]+=$word glue=\n"
      "    elif [[ $word =~ ^:+$ ]]; then\n"
      "      given[-1]+=$word glue=1\n"
      "    else\n"
      "      given+=(\"$word\")\n"
      "    fi\n"
      "  done\n"
      "  local current=${{given[-1]}} previous=${{given[${{#given[@]}}-2]}}\n"
      "\n"
      "  # The words that are neither options nor values of options.\n"
      "  for word in \"${{given[@]:1:${{#given[@]}}-2}}\"; do\n"
      "    if [[ -n $skip ]]; then skip=; continue; fi\n"
      "    case $word in\n"
      "      {}) skip=1 ;;\n"
      "      -*) ;;\n"
      "      *) command+=\"${{command:+ }}$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "\n"
      "  case $previous in\n"
      "    {}) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      "{}"
      "    {}) return ;;\n"
      "  esac\n"
      "\n"
      "  local words=\"{}\"\n"
      "  case $command in\n"
      "{}"
      "  esac\n"
      "  _signpost_offer \"$words\"\n"
      "}}\n"
      "\n"
      "complete -F _signpost signpost\n",
      kListValues, joined(all, "|"), joined(files, "|"), choices, joined(others, "|"),
      joined(common), cases);
}

std::string zsh_completion(const std::vector<CommandText>& commands) {
  std::string text =
      "#compdef signpost\n"
      "# Completion of signpost for zsh: put it into a folder of $fpath.\n"
      "# Printed by `signpost reference commands --format zsh`.\n\n"
      "_signpost_values() {\n"
      "  local -a found=(${(f)\"$(_signpost_list \"$@\")\"})\n"
      "  compadd -a found\n"
      "}\n\n";
  text += kListValues;
  text += "\n";
  for (const CommandText& command : commands) {
    if (!command.subcommands.empty()) add_zsh_group(command, commands, text);
  }
  return text + "_signpost \"$@\"\n";
}

}  // namespace signpost::commands
