// What the tests of the configuration share: a smallest good file, and mistakes as texts.
#pragma once

#include "config/config.h"
#include "config/config_file.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace signpost::config {

// Six good lines; what a test adds begins in line 7.
inline const std::string kGood =
    "hostname = \"mail.shop.example\"\n"
    "[[listener]]\n"
    "bind = \"127.0.0.1:2525\"\n"
    "mode = \"plain\"\n"
    "auth = \"off\"\n"
    "trusted_networks = [\"127.0.0.0/8\"]\n";

inline std::vector<std::string> errors_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "signpost.toml");
  std::vector<std::string> texts;
  for (const ConfigError& error : loaded.errors) texts.push_back(error.text());
  EXPECT_EQ(loaded.config == nullptr, !texts.empty());
  return texts;
}

inline std::shared_ptr<const Config> config_of(const std::string& toml) {
  const LoadedConfig loaded = parse_config(toml, "/etc/signpost/signpost.toml");
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << error.text();
  return loaded.config;
}

// Each text, added to the good lines, gives this one error.
struct Mistake {
  std::string added;
  std::string error;
};

inline void expect_errors(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.added);
    EXPECT_EQ(errors_of(kGood + mistake.added),
              std::vector<std::string>{"signpost.toml:" + mistake.error});
  }
}

}  // namespace signpost::config
