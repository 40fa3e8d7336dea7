// Files that the configuration names, and what is wrong with them in the words of its errors.
#pragma once

#include "config/config.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::relay {

using ConfigErrors = std::vector<config::ConfigError>;

// Several keys may name the same one.
struct NamedFile {
  std::string_view key;  // "dkim.key"
  const std::string& path;
  std::size_t table = 0;  // which of the tables that have the key
};

// What is wrong with a file as a whole, where the configuration names it.
void add(ConfigErrors& errors, const config::Config& config, const NamedFile& file,
         const std::string& message);

// The text of a file that must exist; `otherwise` says what to do when it does not. Nothing after a
// mistake, which is added. Blocks on the file, as those below do.
std::optional<std::string> read(const config::Config& config, const NamedFile& file,
                                std::string_view otherwise, ConfigErrors& errors);

// Others may neither read nor write it.
void check_secret(const config::Config& config, const NamedFile& file, ConfigErrors& errors);

// The secret in a file that must exist and be private.
std::optional<std::string> read_secret(const config::Config& config, const NamedFile& file,
                                       std::string_view otherwise, ConfigErrors& errors);

}  // namespace signpost::relay
