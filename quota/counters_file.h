// What was used of the limits, kept in a file across restarts.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "quota/counters.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::quota {

// The form of the file: a line that names it, then "SCOPE LEVEL UNIX-SECONDS DAY TODAY NAME" for
// each count. The name is the rest of the line; the server's is empty.
std::string counters_text(const std::vector<Counters::Entry>& entries);
// Any line that is not of this form damages the whole file.
Result<std::vector<Counters::Entry>> parse_counters(std::string_view text);

// Both block on the file. Without a file nothing was used; a damaged one changes nothing.
Result<void> load_counters(const std::string& file, Counters& counters);
Result<void> save_counters(const std::string& file, Counters& counters, const Clock& clock);

}  // namespace signpost::quota
