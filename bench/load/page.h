// The results of a run as one self-contained HTML page.
#pragma once

#include "bench/load/results.h"

#include <string>
#include <string_view>

namespace signpost::bench {

// `title`: what was loaded, and how; `text`: the report for people.
// REQUIRES: results.timeline
std::string report_page(const Results& results, const Summary& summary, bool open_loop,
                        std::string_view title, std::string_view text);

}  // namespace signpost::bench
