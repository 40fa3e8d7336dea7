// A new password from the operator: never from the command line, where others can read it.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>

namespace signpost::commands {

// Asked for twice on a terminal, without echo; otherwise the first line of standard input.
Result<std::string> read_new_password();

// "yes" or "y" on the terminal. REQUIRES: standard input is a terminal
bool confirmed(const std::string& question);
bool input_is_terminal();
// One line from standard input, after the question; nothing at the end of the input.
std::optional<std::string> answer_to(const std::string& question);

}  // namespace signpost::commands
