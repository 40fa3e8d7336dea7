#include "commands/reference.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;
using config::KeyText;
using config::Section;

std::string title(const Section& section) {
  return section.name.empty() ? "before the first table" : section.header();
}

std::string markdown(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    text += fmt::format("{}## {}\n\n| key | default | meaning |\n|---|---|---|\n",
                        text.empty() ? "" : "\n", title(section));
    for (const KeyText& key : section.keys) {
      const std::string initial = key.required          ? "required"
                                  : key.initial.empty() ? "none"
                                                        : "`" + key.initial + "`";
      text +=
          fmt::format("| `{}` | {} | {} Write {}. |\n", key.name, initial, key.help, key.expect);
    }
  }
  return text;
}

std::string man(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    text += fmt::format(".SH \"{}\"\n",
                        section.name.empty() ? "BEFORE THE FIRST TABLE" : section.header());
    for (const KeyText& key : section.keys) {
      text +=
          fmt::format(".TP\n.B {}\n{}\nWrite {}.\n", key.name, roff(key.help), roff(key.expect));
      if (key.required) text += "Required.\n";
      if (!key.initial.empty()) text += fmt::format("Default: {}.\n", roff(key.initial));
    }
  }
  return text;
}

std::string json(const std::vector<Section>& sections) {
  Json keys = Json::array();
  for (const Section& section : sections) {
    for (const KeyText& key : section.keys) {
      keys.push_back({{"section", section.name},
                      {"key", key.name},
                      {"value", key.expect},
                      {"default", key.initial.empty() ? Json() : Json(key.initial)},
                      {"required", key.required},
                      {"meaning", key.help}});
    }
  }
  return Json{{"keys", std::move(keys)}}.dump(2) + "\n";
}

}  // namespace

std::string keys_reference(Format format, const std::vector<Section>& sections) {
  if (format == Format::Markdown) return markdown(sections);
  if (format == Format::Man) return man(sections);
  if (format == Format::Json) return json(sections);
  return {};
}

std::string keys_text(const std::vector<Section>& sections) {
  std::string text;
  for (const Section& section : sections) {
    if (!section.name.empty()) text += section.header() + "\n";
    for (const KeyText& key : section.keys) {
      const std::string initial = key.required          ? "(required)"
                                  : key.initial.empty() ? "(none)"
                                                        : key.initial;
      text +=
          fmt::format("{} = {}\n    {}\n    Write {}.\n", key.name, initial, key.help, key.expect);
    }
    text += "\n";
  }
  return text;
}

}  // namespace signpost::commands
