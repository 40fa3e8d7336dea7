// The pauses of sites, kept in a file across restarts.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "delivery/site_pauses.h"

#include <string>
#include <string_view>
#include <vector>

namespace signpost::delivery {

inline constexpr std::string_view kSitePausesFile = "site-pauses";  // in the data folder

// The form of the file: a line that names it, then "SINCE UNTIL SITE<TAB>BY<TAB>REASON" for each
// pause, the times in UNIX seconds; UNTIL is "-" without an end. Control characters in texts become
// blanks.
std::string site_pauses_text(const std::vector<SitePause>& pauses);
// Any line that is not of this form damages the whole file.
Result<std::vector<SitePause>> parse_site_pauses(std::string_view text);

// Both block on the file. Without a file nothing is paused. A saved file is on disk.
Result<std::vector<SitePause>> load_site_pauses(const std::string& file);
Result<void> save_site_pauses(const std::string& file, const std::vector<SitePause>& pauses);

}  // namespace signpost::delivery
