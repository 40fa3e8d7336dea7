// `signpost serve`: the whole daemon, from the configuration file to the exit code.
#pragma once

#include <string>

namespace signpost::daemon {

// Runs the relay in the foreground until SIGTERM or SIGINT; SIGHUP reloads. Returns the process's
// exit code: 0 after a drain, 78 (EX_CONFIG) when the configuration is wrong, 1 when it could not
// start otherwise; one clear line per problem on stderr, an event where programs read the log.
// The main thread only, once.
int serve(const std::string& config_file);

}  // namespace signpost::daemon
