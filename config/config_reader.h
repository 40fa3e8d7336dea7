// How tables of a TOML file become structs: a key bound to a member, and the reader that fills the
// struct or says what is wrong with the file.
//
// value_forms.h has keys of the usual kinds; config_keys.cc the keys of signpost.toml.
#pragma once

#include "config/config.h"
#include "config/toml_document.h"

#include <algorithm>
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
  std::string expect;   // the accepted values: completes "write …" and "expected …"
  std::string initial;  // the default as it would be written; "" if there is none
  std::string help;     // one sentence or two
  bool required = false;
};

// What reading needs beside the table itself.
struct ReadContext {
  ConfigErrors& errors;
  std::string directory;  // relative paths start here
  // The headers of other tables that have a key of this name; null if there are none.
  std::vector<std::string> (*tables_with)(std::string_view key) = nullptr;
  std::vector<KeyPlace>* places = nullptr;  // collects where the keys are; may be null
};

// One value of the file on its way into its member. A function that returns nothing has
// reported why.
class Setting {
 public:
  Setting(const ReadContext& context, const KeyText& key, std::string full_name,
          const TomlValue& value)
      : context_(context), key_(key), full_name_(std::move(full_name)), value_(value) {}

  const TomlValue& value() const { return value_; }
  // "`what`; write …", at the value itself or at one item of it.
  void wrong(std::string_view what) { wrong(value_, what); }
  void wrong(const TomlValue& where, std::string_view what);

  const bool* boolean();
  const std::int64_t* integer(std::int64_t smallest, std::int64_t largest);
  const std::string* string() { return string_of(value_); }
  std::optional<std::chrono::milliseconds> duration(const TomlValue& where,
                                                    std::chrono::milliseconds shortest,
                                                    std::chrono::milliseconds longest);
  std::optional<std::uint64_t> size(std::uint64_t smallest, std::uint64_t largest);
  std::optional<std::string> path();  // made absolute: relative to the configuration file
  // The items of an array of strings.
  const std::vector<TomlValue>* strings();

 private:
  const std::string* string_of(const TomlValue& where);
  void wrong_kind(const TomlValue& where);

  const ReadContext& context_;
  const KeyText& key_;
  std::string full_name_;
  const TomlValue& value_;
};

template <typename Section>
struct Key {
  KeyText text;
  std::function<void(Setting&, Section&)> read;

  Key required() && {  // instead of a default
    text.required = true;
    text.initial.clear();
    return std::move(*this);
  }
};

template <typename Section>
using Keys = std::vector<Key<Section>>;

// Reports a key that no row has: "unknown key; did you mean …?". `what` describes the known ones.
void unknown_key(const ReadContext& context, const TomlMember& member, const std::string& section,
                 const std::vector<std::string>& known, std::string_view what = "keys");
void missing_key(const ReadContext& context, const TomlValue& table, const std::string& section,
                 const KeyText& key);

// For ReadContext::places.
void note_place(const ReadContext& context, std::string name, const TomlValue& where);

// Fills `into` from `table`. `name` is the section's, for messages; "" before the first table.
template <typename Section>
void read_table(const TomlValue& table, const std::string& name, const Keys<Section>& keys,
                const ReadContext& context, Section& into) {
  const std::string prefix = name.empty() ? "" : name + ".";
  for (const TomlMember& member : table.members) {
    const auto key = std::ranges::find_if(
        keys, [&](const Key<Section>& candidate) { return candidate.text.name == member.key; });
    if (key == keys.end()) {
      std::vector<std::string> known;
      for (const Key<Section>& candidate : keys) known.push_back(candidate.text.name);
      unknown_key(context, member, name, known);
      continue;
    }
    Setting setting(context, key->text, prefix + member.key, member.value);
    note_place(context, prefix + member.key, member.value);
    key->read(setting, into);
  }
  for (const Key<Section>& key : keys) {
    if (key.text.required && table.find(key.text.name) == nullptr) {
      missing_key(context, table, name, key.text);
      note_place(context, prefix + key.text.name, table);
    }
  }
}

}  // namespace signpost::config
