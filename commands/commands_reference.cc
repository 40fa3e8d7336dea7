#include "commands/reference.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

std::string plain(std::string_view text) { return std::string(text); }
std::string roff_bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string roff_italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string sentence(std::string text) {
  if (!text.empty() && !text.ends_with('.')) text += '.';
  return text;
}

// A group of commands has no meaning of its own.
bool is_group(const CommandText& command) { return !command.subcommands.empty(); }

std::string synopsis(const CommandText& command, std::string (*bold)(std::string_view),
                     std::string (*italic)(std::string_view)) {
  std::string text = bold(command.name());
  for (const OptionText& option : command.options) text += " " + usage_of(option, bold, italic);
  return text;
}

std::string help_of(const OptionText& option) {
  std::string text = sentence(option.help);
  if (!option.initial.empty()) text += fmt::format(" Default: {}.", option.initial);
  return text;
}

// "-c, --config FILE"
std::string option_title(const OptionText& option, std::string (*bold)(std::string_view),
                         std::string (*italic)(std::string_view)) {
  OptionText alone = option;
  alone.required = true;
  alone.repeats = false;
  const std::string title = usage_of(alone, bold, italic);
  return option.short_name.empty() ? title : bold(option.short_name) + ", " + title;
}

std::string markdown_options(const CommandText& command) {
  if (command.options.empty()) return {};
  std::string text = "\n| option | meaning |\n|---|---|\n";
  for (const OptionText& option : command.options) {
    std::string title = option_title(option, plain, plain);
    for (std::size_t i = 0; (i = title.find('|', i)) != std::string::npos; i += 2) {
      title.insert(i, 1, '\\');  // would end the cell
    }
    text += fmt::format("| `{}` | {} |\n", title, help_of(option));
  }
  return text;
}

std::string markdown(const std::vector<CommandText>& commands) {
  std::string text;
  for (const CommandText& command : commands) {
    if (!command.words.empty() && is_group(command)) continue;
    const std::string name = command.words.empty() ? "" : " " + command.name();
    text += fmt::format("{}## signpost{}\n\n{}\n", text.empty() ? "" : "\n", name,
                        sentence(command.help));
    for (const std::string& detail : command.details) text += detail + "\n";
    if (!command.words.empty()) {
      text += fmt::format("\n```sh\nsignpost {}\n```\n", synopsis(command, plain, plain));
    }
    text += markdown_options(command);
    for (const std::string& example : command.examples) {
      text += fmt::format("\nExample: `{}`\n", example);
    }
  }
  return text;
}

void add_man_options(const CommandText& command, std::string& text) {
  for (const OptionText& option : command.options) {
    text += fmt::format(".TP\n{}\n{}\n", option_title(option, roff_bold, roff_italic),
                        roff(help_of(option)));
  }
}

std::string man(const std::vector<CommandText>& commands) {
  std::string text;
  for (const CommandText& command : commands) {
    if (is_group(command)) continue;
    text += fmt::format(".TP\n{}\n{}\n", synopsis(command, roff_bold, roff_italic),
                        roff(sentence(command.help)));
    for (const std::string& detail : command.details) text += roff(detail) + "\n";
    if (command.options.empty()) continue;
    text += ".RS\n";
    add_man_options(command, text);
    text += ".RE\n";
  }
  return text;
}

Json json_of(const OptionText& option) {
  return {{"name", option.name},
          {"short", option.short_name},
          {"value", option.value},
          {"choices", option.choices},
          {"default", option.initial.empty() ? Json() : Json(option.initial)},
          {"positional", option.positional},
          {"required", option.required},
          {"repeats", option.repeats},
          {"meaning", option.help}};
}

std::string json(const std::vector<CommandText>& commands) {
  Json list = Json::array();
  for (const CommandText& command : commands) {
    Json options = Json::array();
    for (const OptionText& option : command.options) options.push_back(json_of(option));
    list.push_back({{"command", command.name()},
                    {"meaning", command.help},
                    {"details", command.details},
                    {"examples", command.examples},
                    {"subcommands", command.subcommands},
                    {"options", std::move(options)}});
  }
  return Json{{"commands", std::move(list)}}.dump(2) + "\n";
}

}  // namespace

std::string roff(std::string_view text) {
  std::string result;
  bool in_command = false;
  for (const char c : text) {
    switch (c) {
      case '`':
        in_command = !in_command;
        result += in_command ? "\\fB" : "\\fR";
        break;
      case '-':
        result += "\\-";
        break;
      case '\\':
        result += "\\e";
        break;
      case '"':
        result += "\\(dq";
        break;
      default:
        result += c;
    }
  }
  // At the start of a line these would be requests.
  if (result.starts_with('.') || result.starts_with('\'')) result.insert(0, "\\&");
  return result;
}

std::string commands_reference(Format format, const std::vector<CommandText>& commands) {
  switch (format) {
    case Format::Markdown:
      return markdown(commands);
    case Format::Man:
      return man(commands);
    case Format::Json:
      return json(commands);
    case Format::Bash:
      return bash_completion(commands);
    case Format::Zsh:
      return zsh_completion(commands);
    case Format::Fish:
      return fish_completion(commands);
  }
  return {};
}

}  // namespace signpost::commands
