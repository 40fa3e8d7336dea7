// A rule of configuration files: things that must differ from each other.
#pragma once

#include "config/config_reader.h"
#include "config/toml_position.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

namespace signpost::config {

// The second one is reported with the line of the first.
class Once {
 public:
  Once(ConfigErrors& errors, std::string key) : errors_(errors), key_(std::move(key)) {}

  void add(const std::string& thing, TomlPosition where) {
    const auto [first, inserted] = first_.emplace(thing, where);
    if (inserted) return;
    errors_.add(where, key_,
                fmt::format("{} is a duplicate of line {}", thing, first->second.line));
  }

 private:
  ConfigErrors& errors_;
  std::string key_;
  std::map<std::string, TomlPosition> first_;
};

}  // namespace signpost::config
