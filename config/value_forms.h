// Keys of the usual kinds. A form says how a value is written in the file: what messages call it,
// how it is read, and how a default is shown. key() binds a form to a member.
#pragma once

#include "base/check.h"
#include "config/config_reader.h"
#include "config/config_values.h"
#include "config/units.h"

#include <chrono>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace signpost::config {

template <typename T>
struct Form {
  std::string expect;
  std::function<std::optional<T>(Setting&)> read;  // nothing: reported
  std::function<std::string(const T&)> show;       // as TOML; "" if there is nothing to show
};

// --- forms --------------------------------------------------------------------------------------

Form<bool> boolean();
Form<std::int64_t> whole_number(std::int64_t least, std::int64_t most);
Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
Form<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                         std::chrono::milliseconds most);
Form<std::vector<std::chrono::seconds>> durations(std::string expect, std::chrono::seconds least,
                                                  std::chrono::seconds most,
                                                  std::size_t most_items);
Form<Rate> rate();
Form<std::string> path(std::string expect = "the path of a file");

// Reports `error` at `where`.
void refuse(Setting& setting, const TomlValue& where, const ValueError& error);

// A string that `parse` turns into its canonical form.
template <typename T>
Form<T> parsed(std::string expect, ValueResult<T> (*parse)(std::string_view)) {
  return {std::move(expect),
          [parse](Setting& setting) -> std::optional<T> {
            const std::string* text = setting.string();
            if (text == nullptr) return {};
            auto value = parse(*text);
            if (value) return std::move(*value);
            refuse(setting, setting.value(), value.error());
            return {};
          },
          [](const T& value) -> std::string {
            if constexpr (std::same_as<T, std::string>) {
              return value.empty() ? "" : toml_string(value);
            } else {
              return "";
            }
          }};
}

// A list of strings, each through `parse`, none the `same` as another. REQUIRES: the member's
// default is the empty list.
template <typename T>
Form<std::vector<T>> list_of(
    std::string expect, ValueResult<T> (*parse)(std::string_view), bool may_be_empty = true,
    bool (*same)(const T&, const T&) = [](const T& a, const T& b) { return a == b; }) {
  return {std::move(expect),
          [parse, may_be_empty, same](Setting& setting) -> std::optional<std::vector<T>> {
            const auto* items = setting.strings();
            if (items == nullptr) return {};
            if (items->empty() && !may_be_empty) {
              setting.wrong("the list is empty");
              return {};
            }
            std::vector<T> values;
            for (const TomlValue& item : *items) {
              auto value = parse(item.string);
              if (!value) {
                refuse(setting, item, value.error());
              } else if (std::ranges::any_of(values,
                                             [&](const T& other) { return same(other, *value); })) {
                setting.wrong(item, toml_string(item.string) + " appears twice");
              } else {
                values.push_back(std::move(*value));
              }
            }
            return values;
          },
          [](const std::vector<T>& values) {
            CHECK(values.empty());
            return std::string("[]");
          }};
}

// One of a few words.
template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

std::string choices_text(const std::vector<std::string>& words);  // "a", "b" or "c"

template <typename Enum>
Form<Enum> one_of(const Choices<Enum>& choices) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return {choices_text(words),
          [choices](Setting& setting) -> std::optional<Enum> {
            const std::string* word = setting.string();
            if (word == nullptr) return {};
            for (const auto& [known, value] : choices) {
              if (known == *word) return value;
            }
            setting.wrong("unknown value " + shown(*word));
            return {};
          },
          [choices](const Enum& value) {
            const auto found =
                std::ranges::find(choices, value, &std::pair<std::string, Enum>::second);
            return found == choices.end() ? std::string() : toml_string(found->first);
          }};
}

// --- keys ---------------------------------------------------------------------------------------

namespace detail {

template <typename T>
struct Inner {
  using Type = T;
};
template <typename T>
struct Inner<std::optional<T>> {
  using Type = T;
};

template <typename T>
constexpr bool kIsDuration = false;
template <typename Rep, typename Period>
constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

template <typename To, typename From>
To converted(From value) {
  if constexpr (kIsDuration<To>) {
    return std::chrono::duration_cast<To>(value);
  } else {
    return static_cast<To>(std::move(value));
  }
}

}  // namespace detail

// A key whose value goes to `member`. The default that is shown is the member's initializer. The
// member may be a std::optional of what the form reads: then there is no default to show.
template <typename Section, typename Member, typename T>
Key<Section> key(std::string name, Member Section::* member, const Form<T>& form,
                 std::string help) {
  using Value =
      std::conditional_t<std::same_as<Member, T>, T, typename detail::Inner<Member>::Type>;
  constexpr bool kOptional = !std::same_as<Member, Value>;
  KeyText text{std::move(name), form.expect, "", std::move(help)};
  if constexpr (!kOptional) {
    text.initial = form.show(detail::converted<T>(Section{}.*member));
  }
  return {std::move(text), [=](Setting& setting, Section& section) {
            auto value = form.read(setting);
            if (!value) return;
            if constexpr (detail::kIsDuration<Value>) {
              if (detail::converted<Value>(*value) != *value) {
                setting.wrong("only whole seconds count");
                return;
              }
            }
            section.*member = detail::converted<Value>(std::move(*value));
          }};
}

}  // namespace signpost::config
