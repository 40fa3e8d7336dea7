// The mail hosts of a domain, for a command that has no relay to ask.
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "dns/mx.h"

#include <string>

namespace signpost::commands {

// Asks the name servers of `config` for the mail exchangers of `domain` (A-labels). Blocks, at most
// half a minute when no server answers. Any thread that runs no loop.
Result<dns::MxAnswer> look_up_mail_hosts(const config::Config& config, const std::string& domain);

}  // namespace signpost::commands
