// A new password from the operator: never from the command line, where others can read it.
#pragma once

#include "base/result.h"

#include <string>

namespace signpost::commands {

// Asked for twice on a terminal, without echo; otherwise the first line of standard input.
Result<std::string> read_new_password();

// "yes" or "y" on the terminal. REQUIRES: standard input is a terminal
bool confirmed(const std::string& question);
bool input_is_terminal();

}  // namespace signpost::commands
