// What the completion scripts of all shells are made from.
#pragma once

#include "commands/command_text.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::commands {

std::string joined(const std::vector<std::string>& words, const char* between = " ");

bool is_file(const OptionText& option);

// Every option that takes a value, by name. One name has one kind of value in all commands.
std::map<std::string, OptionText> options_with_values(const std::vector<CommandText>& commands);

// The program's own options with a value may also follow any command; flags such as --version end
// the program.
std::vector<OptionText> common_options(const CommandText& program);

// What may follow the command: its subcommands or arguments, then its options.
std::vector<std::string> words_after(const CommandText& command);

// Logins, queue IDs, sites, routes and the like are listed while the shell completes: arguments of
// the function that kListValues defines, the JSON keys and the command that prints it ("login user
// list"), or "" for values of another kind.
std::string listed_by(const CommandText& command, const OptionText& option);

// For bash and zsh; several keys have a comma between them. The values are limited to characters
// without a meaning to a shell: others chose them, and the shell would expand them.
constexpr std::string_view kListValues =
    "_signpost_list() {\n"
    "  local keys=${1//,/|}\n"
    "  shift\n"
    "  signpost \"$@\" --json 2>/dev/null |\n"
    "    grep -oE \"\\\"($keys)\\\": ?\\\"[A-Za-z0-9._@+:/,-]+\\\"\" |\n"
    "    cut -d '\"' -f 4 | sort -u\n"
    "}\n";

}  // namespace signpost::commands
