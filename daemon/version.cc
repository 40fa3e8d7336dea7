#include "daemon/version.h"

namespace signpost::daemon {

std::string_view version() { return SIGNPOST_VERSION; }
std::string_view commit() { return SIGNPOST_COMMIT; }

}  // namespace signpost::daemon
