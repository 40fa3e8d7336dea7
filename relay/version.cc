#include "relay/version.h"

namespace signpost::relay {

std::string_view version() { return SIGNPOST_VERSION; }
std::string_view commit() { return SIGNPOST_COMMIT; }

}  // namespace signpost::relay
