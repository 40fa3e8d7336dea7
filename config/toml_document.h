// A TOML file as a tree of plain values that know their position, so that every mistake can be
// reported with line and column. Only toml_document.cc knows the library that reads it.
#pragma once

#include "config/toml_position.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::config {

struct TomlMember;

struct TomlValue {
  enum class Kind { Boolean, Integer, Float, String, Array, Table, Date };

  Kind kind = Kind::Table;
  TomlPosition begin;  // of a table: its header, or its first key if it has none
  TomlPosition end;    // just after a scalar's or an array's last character
  bool boolean = false;
  std::int64_t integer = 0;
  double floating = 0;
  std::string string;
  std::vector<TomlValue> items;     // of an array
  std::vector<TomlMember> members;  // of a table, in the order of the file

  const TomlValue* find(std::string_view key) const;  // in a table; null if there is no such key
  bool is_table_list() const;                         // an array of tables, and not empty
};

struct TomlMember {
  std::string key;
  TomlPosition begin;
  TomlValue value;
};

// The root table. Any text may be given: the size and the parts of a key are bounded here,
// the nesting of values by the library.
std::expected<TomlValue, TomlError> parse_toml(std::string_view text);

// "a string", "a whole number", …: for messages.
std::string_view describe(TomlValue::Kind kind);

// `text` as a TOML string, quoted and escaped; as a key, which needs quotes only for odd
// characters.
std::string toml_string(std::string_view text);
std::string toml_key(std::string_view text);
// A value as messages show it: a TOML string, bounded and without control characters.
std::string shown(std::string_view text);

}  // namespace signpost::config
