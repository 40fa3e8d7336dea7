// A MANIFEST for a queue whose own cannot be read, made from the data files and logs themselves:
// each data file says to which family it belongs, and each row when it was written.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace signpost::rocks {

// In `directory`, a copy of the queue. It lists all data files and logs, even those that RocksDB
// had set aside and not deleted yet, so a row that was removed may be back. Blob files are not
// listed: what is in them can be found by its key alone. `scratch` is a directory that does not
// exist; it is left behind. Returns the data files that cannot be read. RocksDB puts all files into
// one level, and may refuse that for a queue of millions of messages.
Result<std::vector<std::string>> rebuild_manifest(const std::string& directory,
                                                  const std::string& scratch);

}  // namespace signpost::rocks
