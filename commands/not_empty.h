// Refuses empty values of options in words of their own; main.cc refuses all others in general
// ones.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>

namespace signpost::commands {

// "is empty; REMEDY": an empty value, as from a shell variable that is not set, would select or
// leave more than was meant.
inline CLI::Validator not_empty(std::string remedy) {
  return {[remedy = std::move(remedy)](std::string& value) {
            return value.empty() ? "is empty; " + remedy : std::string();
          },
          "", "not empty"};
}

}  // namespace signpost::commands
