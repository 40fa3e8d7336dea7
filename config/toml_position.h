// Where something is in a TOML file, and what is wrong there.
#pragma once

#include <compare>
#include <string>

namespace signpost::config {

// Both from 1; columns count characters, not octets. Line 0: the file as a whole.
struct TomlPosition {
  unsigned line = 0;
  unsigned column = 0;
  friend auto operator<=>(const TomlPosition&, const TomlPosition&) = default;
};

struct TomlError {
  TomlPosition position;
  std::string message;
};

}  // namespace signpost::config
