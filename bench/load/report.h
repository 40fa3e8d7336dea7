// The results of a run for people and for programs.
#pragma once

#include "bench/load/results.h"

#include <string>

namespace signpost::bench {

std::string report_text(const Results& results, const Summary& summary);
std::string report_json(const Results& results, const Summary& summary);

}  // namespace signpost::bench
