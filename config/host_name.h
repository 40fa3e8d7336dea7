// The name that the system gives this machine.
#pragma once

#include "base/result.h"

#include <string>

namespace signpost::config {

// The full name, with a domain, in lower case. Looked up once per process, since the resolver may
// be slow. The error says what to write instead.
Result<std::string> system_host_name();

}  // namespace signpost::config
