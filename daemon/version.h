// Which Signpost this is.
#pragma once

#include <string_view>

namespace signpost::daemon {

std::string_view version();  // "0.1.0"
std::string_view commit();   // of the source tree at configuration, "unknown" outside of one

}  // namespace signpost::daemon
