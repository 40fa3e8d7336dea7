// Calendar time as text, as logs, the API and reports write it (RFC 3339, in UTC). Dates in mail
// headers are another format (message/date_time.h).
#pragma once

#include "base/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost {

std::string utc_text(SystemTime time);               // "2026-11-28T17:18:44Z"
std::string utc_text_microseconds(SystemTime time);  // "2026-11-28T17:18:44.012345Z"
std::string utc_file_name(SystemTime time);          // "20261128T171844Z", for names of files
void append_utc(std::string& out, SystemTime time);  // as utc_text()

// Reads what utc_text() writes; nothing else, and no date that the calendar lacks.
std::optional<SystemTime> parse_utc(std::string_view text);

}  // namespace signpost
