#include "config/toml_document.h"

#include "base/ascii.h"
#include "config/toml_words.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

namespace signpost::config {

namespace {

constexpr std::size_t kLongestFile = 16 << 20;

TomlPosition position(const toml::source_position& place) {
  return {static_cast<unsigned>(place.line), static_cast<unsigned>(place.column)};
}

TomlValue convert(const toml::node& node);

void convert_table(const toml::table& table, TomlValue& value) {
  value.kind = TomlValue::Kind::Table;
  value.members.reserve(table.size());
  for (const auto& [key, node] : table) {
    value.members.push_back({std::string(key.str()), position(key.source().begin), convert(node)});
  }
  // The library sorts by name; mistakes are reported in the order of the file.
  std::ranges::sort(value.members, {}, &TomlMember::begin);
}

void convert_array(const toml::array& array, TomlValue& value) {
  value.kind = TomlValue::Kind::Array;
  value.items.reserve(array.size());
  for (const auto& item : array) value.items.push_back(convert(item));
}

// Recursion is bounded: the library refuses values nested deeper than 256.
TomlValue convert(const toml::node& node) {
  TomlValue value;
  value.begin = position(node.source().begin);
  value.end = position(node.source().end);
  if (const auto* table = node.as_table()) {
    convert_table(*table, value);
  } else if (const auto* array = node.as_array()) {
    convert_array(*array, value);
  } else if (const auto* text = node.as_string()) {
    value.kind = TomlValue::Kind::String;
    value.string = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = TomlValue::Kind::Integer;
    value.integer = integer->get();
  } else if (const auto* floating = node.as_floating_point()) {
    value.kind = TomlValue::Kind::Float;
    value.floating = floating->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = TomlValue::Kind::Boolean;
    value.boolean = boolean->get();
  } else {
    value.kind = TomlValue::Kind::Date;
  }
  return value;
}

}  // namespace

const TomlValue* TomlValue::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &TomlMember::key);
  return found == members.end() ? nullptr : &found->value;
}

bool TomlValue::is_table_list() const {
  return kind == Kind::Array && !items.empty() &&
         std::ranges::all_of(items, [](const TomlValue& item) { return item.kind == Kind::Table; });
}

namespace {

// Where a key has more parts than that; the library recurses into each of them without a bound,
// until the stack overflows. What is in quotes and in comments does not count.
constexpr unsigned kMostKeyParts = 100;

std::optional<TomlPosition> find_endless_key(std::string_view text) {
  TomlPosition at{1, 0};
  unsigned parts = 1;
  char quote = 0;
  bool comment = false;
  for (const char c : text) {
    ++at.column;
    if (c == '\n') {
      at = {at.line + 1, 0};
      parts = 1;
      quote = 0;
      comment = false;
    } else if (comment) {
      continue;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    } else if (std::string_view("=,{}[]").contains(c)) {
      parts = 1;
    } else if (c == '.' && ++parts > kMostKeyParts) {
      return at;
    }
  }
  return std::nullopt;
}

}  // namespace

std::expected<TomlValue, TomlError> parse_toml(std::string_view text) {
  if (text.size() > kLongestFile) {
    return std::unexpected(TomlError{{}, "the file is larger than 16 MiB"});
  }
  if (const auto where = find_endless_key(text)) {
    return std::unexpected(
        TomlError{*where, fmt::format("a key of more than {} parts", kMostKeyParts)});
  }
  try {
    return convert(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        in_plain_words(text, position(error.source().begin), error.description()));
  }
}

std::string_view describe(TomlValue::Kind kind) {
  switch (kind) {
    case TomlValue::Kind::Boolean:
      return "a boolean";
    case TomlValue::Kind::Integer:
      return "a whole number";
    case TomlValue::Kind::Float:
      return "a decimal number";
    case TomlValue::Kind::String:
      return "a string";
    case TomlValue::Kind::Array:
      return "an array";
    case TomlValue::Kind::Table:
      return "a table";
    case TomlValue::Kind::Date:
      return "a date or time";
  }
  return "";
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (ascii::is_control(c)) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string shown(std::string_view text) { return toml_string(ascii::printable(text, 100)); }

std::string toml_key(std::string_view text) {
  const auto is_bare = [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, is_bare) ? std::string(text)
                                                             : toml_string(text);
}

}  // namespace signpost::config
