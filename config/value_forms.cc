#include "config/value_forms.h"

#include <fmt/format.h>

namespace signpost::config {

namespace {

std::string range_text(std::string_view what, std::string_view least, std::string_view most) {
  return fmt::format("{} from {} to {}", what, least, most);
}

}  // namespace

void refuse(Setting& setting, const TomlValue& where, const ValueError& error) {
  setting.wrong(where, error.what);
}

Form<bool> boolean() {
  return {"true or false",
          [](Setting& setting) -> std::optional<bool> {
            const bool* on = setting.boolean();
            return on == nullptr ? std::nullopt : std::optional(*on);
          },
          [](bool on) { return std::string(on ? "true" : "false"); }};
}

Form<std::int64_t> whole_number(std::int64_t least, std::int64_t most) {
  return {range_text("a whole number", std::to_string(least), std::to_string(most)),
          [=](Setting& setting) -> std::optional<std::int64_t> {
            const auto* number = setting.integer(least, most);
            return number == nullptr ? std::nullopt : std::optional(*number);
          },
          [](std::int64_t number) { return std::to_string(number); }};
}

Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  return {range_text("a size", toml_string(size_text(least)), toml_string(size_text(most))),
          [=](Setting& setting) { return setting.size(least, most); },
          [](std::uint64_t octets) { return toml_string(size_text(octets)); }};
}

Form<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                         std::chrono::milliseconds most) {
  return {
      range_text("a duration", toml_string(duration_text(least)), toml_string(duration_text(most))),
      [=](Setting& setting) { return setting.duration(setting.value(), least, most); },
      [](std::chrono::milliseconds value) { return toml_string(duration_text(value)); }};
}

Form<std::vector<std::chrono::seconds>> durations(std::string expect, std::chrono::seconds least,
                                                  std::chrono::seconds most,
                                                  std::size_t most_items) {
  using Seconds = std::vector<std::chrono::seconds>;
  return {std::move(expect),
          [=](Setting& setting) -> std::optional<Seconds> {
            const auto* items = setting.strings();
            if (items == nullptr) return {};
            if (items->empty() || items->size() > most_items) {
              setting.wrong(items->empty() ? "the list is empty" : "the list is too long");
              return {};
            }
            Seconds values;
            for (const TomlValue& item : *items) {
              if (const auto value = setting.duration(item, least, most)) {
                values.push_back(std::chrono::duration_cast<std::chrono::seconds>(*value));
              }
            }
            return values;
          },
          [](const Seconds& values) {
            std::string text;
            for (const auto value : values) {
              text += (text.empty() ? "" : ", ") + toml_string(duration_text(value));
            }
            return "[" + text + "]";
          }};
}

Form<Rate> rate() {
  return {"a rate from \"1/h\" to \"1000000/s\", as in \"100/h\" or \"10/min\"",
          [](Setting& setting) -> std::optional<Rate> {
            const std::string* text = setting.string();
            if (text == nullptr) return {};
            const auto rate = parse_rate(*text);
            if (!rate) setting.wrong(shown(*text) + " is not a rate");
            return rate;
          },
          [](const Rate& value) { return toml_string(rate_text(value)); }};
}

Form<std::string> path(std::string expect) {
  return {std::move(expect), [](Setting& setting) { return setting.path(); },
          [](const std::string& value) { return value.empty() ? "" : toml_string(value); }};
}

std::string choices_text(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += toml_string(words[i]);
  }
  return text;
}

}  // namespace signpost::config
