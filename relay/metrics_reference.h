// docs/metrics.md, printed from the descriptions of all metrics.
#pragma once

#include <string>

namespace signpost::relay {

// Markdown.
std::string metrics_reference();

}  // namespace signpost::relay
