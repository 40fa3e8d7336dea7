// Every section and key of the configuration file: the one table that the reader, its messages and
// the reference (`signpost reference keys`, docs/configuration.md, signpost.toml(5)) come from.
#pragma once

#include "config/config_reader.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::config {

struct Section {
  std::string name;   // "" before the first table
  bool list = false;  // [[name]], any number of them
  std::vector<KeyText> keys;
  // Reads what the file has under `name` into its part of the Config; REQUIRES that it has the
  // kind that `list` says. Before the first table: the members that are not sections.
  std::function<void(const TomlValue&, const ReadContext&, Config&)> read;

  std::string header() const;  // "[tls]", "[[listener]]"; "" before the first table
};

// In the order of the reference.
const std::vector<Section>& sections();

// For ReadContext: the headers of the sections that have this key.
std::vector<std::string> sections_with(std::string_view key);

}  // namespace signpost::config
