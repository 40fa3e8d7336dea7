// The tables of a list beside the structs that were read from them, for rules between keys that
// must say where they are broken.
#pragma once

#include "config/toml_document.h"

#include <string_view>
#include <vector>

namespace signpost::config {

// One table of a list with the struct that was read from it.
template <typename Section>
struct Entry {
  const TomlValue& table;
  const Section& section;

  // Where `key` is written, or else the table's header.
  TomlPosition at(std::string_view key) const {
    const TomlValue* value = table.find(key);
    return value == nullptr ? table.begin : value->begin;
  }
};

template <typename Section>
std::vector<Entry<Section>> entries(const TomlValue& root, std::string_view name,
                                    const std::vector<Section>& sections) {
  std::vector<Entry<Section>> result;
  const TomlValue* tables = root.find(name);
  if (tables == nullptr || tables->items.size() != sections.size()) return result;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    result.push_back({tables->items[i], sections[i]});
  }
  return result;
}

}  // namespace signpost::config
