// What sources in their warm-up have sent today, kept in a file across restarts.
#pragma once

#include "base/result.h"
#include "delivery/warm_up.h"

#include <string>
#include <string_view>

namespace signpost::delivery {

class Scheduler;

// The form of the file: a line that names it, then "DAY SENT NAME" for each count, DAY since 1970.
std::string warm_up_text(const WarmUpCounts::Kept& kept);
// Any line that is not of this form, or of another day than the one before, damages the whole file.
Result<WarmUpCounts::Kept> parse_warm_up(std::string_view text);

// Both block on the file. Without a file nothing was sent; a damaged one changes nothing.
Result<void> load_warm_up(const std::string& file, Scheduler& scheduler);
Result<void> save_warm_up(const std::string& file, Scheduler& scheduler);

}  // namespace signpost::delivery
