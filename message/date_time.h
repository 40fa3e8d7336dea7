// Dates as RFC 5322 section 3.3 writes them.
#pragma once

#include "base/clock.h"

#include <string>

namespace signpost::message {

std::string date_time(SystemTime time);  // "Mon, 23 Nov 2026 20:24:10 +0000"

}  // namespace signpost::message
