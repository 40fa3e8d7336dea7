// Whether DANE can hold receivers to anything, for a command that has no relay to ask.
#pragma once

#include "config/config.h"

#include <string>

namespace signpost::commands {

// "on" if the name servers of `config` validate and are believed; else why it is off or unknown.
// Asks them, and blocks for some seconds when none answers. Any thread that runs no loop.
std::string dane_support(const config::Config& config);

}  // namespace signpost::commands
