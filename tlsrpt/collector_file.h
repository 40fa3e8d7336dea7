// What a Collector has counted, kept in a file across restarts.
#pragma once

#include "base/result.h"
#include "tlsrpt/collector.h"

#include <string>
#include <string_view>

namespace signpost::tlsrpt {

// The form of the file: a line that names it, then a JSON object for each domain and day, and one
// for each day on which sessions were left out.
std::string collector_text(const Collector::Kept& kept);
// Any line that is not of this form damages the whole file.
Result<Collector::Kept> parse_collector(std::string_view text);

// Both block on the file. Without a file nothing was counted; a damaged one changes nothing.
Result<void> load_collector(const std::string& file, Collector& collector);
Result<void> save_collector(const std::string& file, Collector& collector);

}  // namespace signpost::tlsrpt
