// The tables in the documents, as the program prints them: a document that differs fails a test
// (docs/regenerate).
#pragma once

#include "commands/command_text.h"
#include "config/config_keys.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::commands {

enum class Format { Markdown, Man, Json, Bash, Zsh, Fish };

// The keys of a file's sections: a table, or a list of entries, for each. "" if there is no such
// form.
std::string keys_reference(Format format, const std::vector<config::Section>& sections);
// The same for a terminal.
std::string keys_text(const std::vector<config::Section>& sections);

// The commands with their options. Bash, Zsh and Fish are completion scripts.
std::string commands_reference(Format format, const std::vector<CommandText>& commands);
std::string bash_completion(const std::vector<CommandText>& commands);
std::string zsh_completion(const std::vector<CommandText>& commands);
std::string fish_completion(const std::vector<CommandText>& commands);

// Plain text in a man page; what is between backticks, in bold.
std::string roff(std::string_view text);

}  // namespace signpost::commands
