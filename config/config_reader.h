// The machinery of the configuration file: a key bound to a member together with its bounds,
// default and help, and the reader that turns a table into a struct or says what is wrong with it.
//
// The keys themselves are in config_keys.cc, what several keys must fulfil together in
// config_rules.cc.
#pragma once

#include "config/config.h"
#include "config/toml_document.h"
#include "config/units.h"
#include <algorithm>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signpost::config {

// All mistakes of one file, in its order.
class ConfigErrors {
 public:
  explicit ConfigErrors(std::string file) : file_(std::move(file)) {}
  void add(TomlPosition where, std::string key, std::string message);
  std::vector<ConfigError> take() { return std::move(errors_); }
  bool empty() const { return errors_.empty(); }

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
};

// What the operator needs to know about a key.
struct KeyText {
  std::string name;
  std::string expect;   // completes "write …": what would be right
  std::string initial;  // the default as it would be written; "" if there is none
  std::string help;     // one sentence
  bool required = false;
};

// One value of the file on its way into its member. The readers report what is wrong themselves.
class Setting {
 public:
  Setting(ConfigErrors& errors, const KeyText& key, std::string full_name, const TomlValue& value,
          const std::string& directory)
      : errors_(errors),
        key_(key),
        full_name_(std::move(full_name)),
        value_(value),
        directory_(directory) {}

  const TomlValue& value() const { return value_; }
  // "`what`; write …", at the value itself or at one item of it.
  void wrong(std::string_view what) { wrong(value_, what); }
  void wrong(const TomlValue& where, std::string_view what);
  void not_built(const TomlValue& where, std::string_view what);

  const bool* boolean();
  const std::int64_t* integer(std::int64_t smallest, std::int64_t largest);
  const std::string* string() { return string_of(value_); }
  std::optional<std::chrono::milliseconds> duration(const TomlValue& where,
                                                    std::chrono::milliseconds shortest,
                                                    std::chrono::milliseconds longest);
  std::optional<std::uint64_t> size(std::uint64_t smallest, std::uint64_t largest);
  std::optional<std::string> path();  // made absolute: relative to the configuration file
  // The items of a list of `kind`; null (and reported) if one of them is something else.
  const std::vector<TomlValue>* list(TomlValue::Kind kind);

 private:
  const std::string* string_of(const TomlValue& where);
  void wrong_kind(const TomlValue& where);

  ConfigErrors& errors_;
  const KeyText& key_;
  std::string full_name_;
  const TomlValue& value_;
  const std::string& directory_;
};

template <typename Section>
struct Key {
  KeyText text;
  std::function<void(Setting&, Section&)> read;
};

template <typename Section>
using Keys = std::vector<Key<Section>>;

// "`what` from `least` to `most`".
std::string range_text(std::string_view what, std::string_view least, std::string_view most);

// --- keys of the usual kinds -------------------------------------------------------------------

template <typename Section, typename Duration>
Key<Section> duration_key(std::string name, Duration Section::* member,
                          std::chrono::milliseconds shortest, std::chrono::milliseconds longest,
                          std::string initial, std::string help) {
  return {{std::move(name),
           range_text("a duration", toml_string(duration_text(shortest)),
                      toml_string(duration_text(longest))),
           std::move(initial), std::move(help)},
          [=](Setting& setting, Section& section) {
            const auto duration = setting.duration(setting.value(), shortest, longest);
            if (!duration) return;
            section.*member = std::chrono::duration_cast<Duration>(*duration);
            if (section.*member != *duration) setting.wrong("parts of a second do not count here");
          }};
}

template <typename Section, std::integral Number>
Key<Section> count_key(std::string name, Number Section::* member, std::int64_t smallest,
                       std::int64_t largest, std::string initial, std::string help) {
  return {{std::move(name),
           range_text("a whole number", std::to_string(smallest), std::to_string(largest)),
           std::move(initial), std::move(help)},
          [=](Setting& setting, Section& section) {
            if (const auto* number = setting.integer(smallest, largest)) {
              section.*member = static_cast<Number>(*number);
            }
          }};
}

template <typename Section>
Key<Section> size_key(std::string name, std::size_t Section::* member, std::uint64_t smallest,
                      std::uint64_t largest, std::string initial, std::string help) {
  return {{std::move(name),
           range_text("a size", toml_string(size_text(smallest)), toml_string(size_text(largest))),
           std::move(initial), std::move(help)},
          [=](Setting& setting, Section& section) {
            if (const auto size = setting.size(smallest, largest)) section.*member = *size;
          }};
}

template <typename Section>
Key<Section> switch_key(std::string name, bool Section::* member, std::string initial,
                        std::string help) {
  return {{std::move(name), "true or false", std::move(initial), std::move(help)},
          [=](Setting& setting, Section& section) {
            if (const bool* on = setting.boolean()) section.*member = *on;
          }};
}

template <typename Section>
Key<Section> path_key(std::string name, std::string Section::* member, std::string initial,
                      std::string help, bool required = false) {
  return {{std::move(name), "the path of a file", std::move(initial), std::move(help), required},
          [=](Setting& setting, Section& section) {
            if (auto path = setting.path()) section.*member = std::move(*path);
          }};
}

// One of a few words. The member may be a std::optional of the enumeration.
template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

template <typename Enum>
std::string choices_text(const Choices<Enum>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += toml_string(choices[i].first);
  }
  return text;
}

template <typename Section, typename Member, typename Enum>
Key<Section> choice_key(std::string name, Member Section::* member, const Choices<Enum>& choices,
                        std::string initial, std::string help) {
  return {{std::move(name), choices_text(choices), std::move(initial), std::move(help)},
          [=](Setting& setting, Section& section) {
            const std::string* word = setting.string();
            if (word == nullptr) return;
            const auto found =
                std::ranges::find(choices, *word, &std::pair<std::string, Enum>::first);
            if (found != choices.end()) {
              section.*member = found->second;
            } else {
              setting.wrong(toml_string(*word) + " is not known here");
            }
          }};
}

// --- tables ------------------------------------------------------------------------------------

// Where an unknown or a missing key is reported: "unknown key; did you mean …?".
void unknown_key(ConfigErrors& errors, const TomlMember& member, const std::string& section,
                 const std::vector<std::string>& known);
void missing_key(ConfigErrors& errors, const TomlValue& table, const std::string& section,
                 const KeyText& key);

template <typename Section>
void read_table(const TomlValue& table, const std::string& name, const Keys<Section>& keys,
                const std::string& directory, ConfigErrors& errors, Section& into) {
  const std::string prefix = name.empty() ? "" : name + ".";
  for (const TomlMember& member : table.members) {
    const auto key = std::ranges::find_if(
        keys, [&](const Key<Section>& candidate) { return candidate.text.name == member.key; });
    if (key == keys.end()) {
      std::vector<std::string> known;
      for (const Key<Section>& candidate : keys) known.push_back(candidate.text.name);
      unknown_key(errors, member, name, known);
      continue;
    }
    Setting setting(errors, key->text, prefix + member.key, member.value, directory);
    key->read(setting, into);
  }
  for (const Key<Section>& key : keys) {
    if (key.text.required && table.find(key.text.name) == nullptr) {
      missing_key(errors, table, name, key.text);
    }
  }
}

// The word of `known` that `word` was probably meant to be; "" if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace signpost::config
