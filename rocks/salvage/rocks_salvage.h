// A queue that is damaged (a file is gone, or its octets are not what was written): what can be
// read of it becomes a new queue, the damaged one is kept, and a report names what is missing.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "rocks/options.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::rocks {

struct Salvaged {
  std::string kept;            // the directory that holds the damaged queue, as it was
  std::string report;          // the file that lists what is missing
  std::uint64_t messages = 0;  // in the new queue
  std::uint64_t missing = 0;   // named in the report
};

// Replaces the queue in `directory`, which nobody has open, by one of all messages that are whole.
// `why`: the error that revealed the damage. Needs room for a second queue beside it; after a
// failure nothing has changed. Takes as long as reading and writing the whole queue; says in the
// log how far it has got.
Result<Salvaged> salvage(const std::string& directory, const Options& options, std::string_view why,
                         SystemTime now);

// Ends a salvage that was interrupted between its last two steps. To be called before `directory`
// is used.
Result<void> finish_salvage(const std::string& directory);

// Whether more follows after a damaged place in the log of `directory`. What a crash leaves at the
// end of a log is not such a place.
bool log_goes_on_past_damage(const std::string& directory);
// The same for damage that RocksDB silently skips. Quick when there is none.
bool log_goes_on_past_gap(const std::string& directory);

}  // namespace signpost::rocks
