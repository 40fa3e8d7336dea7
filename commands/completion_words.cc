#include "commands/completion_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace signpost::commands {

std::string joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

bool is_file(const OptionText& option) { return option.value == "FILE"; }

std::map<std::string, OptionText> options_with_values(const std::vector<CommandText>& commands) {
  std::map<std::string, OptionText> options;
  for (const CommandText& command : commands) {
    for (const OptionText& option : command.options) {
      if (option.positional || option.value.empty()) continue;
      options.emplace(option.name, option);
      if (!option.short_name.empty()) options.emplace(option.short_name, option);
    }
  }
  return options;
}

std::vector<OptionText> common_options(const CommandText& program) {
  std::vector<OptionText> options;
  std::ranges::copy_if(program.options, std::back_inserter(options),
                       [](const OptionText& option) { return !option.value.empty(); });
  return options;
}

std::vector<std::string> words_after(const CommandText& command) {
  std::vector<std::string> words = command.subcommands;
  for (const OptionText& option : command.options) {
    if (option.positional) std::ranges::copy(option.choices, std::back_inserter(words));
  }
  for (const OptionText& option : command.options) {
    const bool common = command.words.empty() && !option.value.empty();
    if (!option.positional && !common) words.push_back(option.name);
  }
  return words;
}

std::string listed_by(const CommandText& command, const OptionText& option) {
  if (option.name == "--user") return "name user list";
  if (option.name == "--site") return "group,site site list";
  if (option.name == "--via") return "via site list";
  if (option.name == "--tenant") return "tenant user list";
  if (option.name == "--to") return "domain queue list --limit 100";
  if (option.positional && option.name == "id") return "id queue list --limit 100";
  if (option.positional && (command.name() == "user remove" || command.name() == "user show")) {
    return "name user list";
  }
  if (option.positional && command.name().starts_with("site ")) return "group,site site list";
  if (option.positional && command.name().starts_with("tlsrpt ")) return "domain tlsrpt list";
  if (option.positional && command.name() == "provider show") return "name provider list";
  return "";
}

}  // namespace signpost::commands
