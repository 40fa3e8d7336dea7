// The MANIFEST of a queue: RocksDB's list of the files in use. It is written like a log, and
// like a log it may end in a write that a crash cut short. RocksDB silently ignores that when
// the file ends too early, whatever was there; it refuses the whole database when the octets are
// there and wrong, as after a power failure that came between the write and its sync.
#pragma once

#include "base/result.h"

#include <string>

namespace signpost::rocks {

// False: it is damaged, ends in an unfinished write or before files with rows of their own were
// listed, or CURRENT does not name it.
bool manifest_is_whole(const std::string& directory);

// Cuts an end off the MANIFEST in `directory` that is not whole and has nothing whole
// after it, if that loses nothing: all files that are listed before it are there, and each row in
// the other data files is in those or in the log, since RocksDB deletes nothing before a sync has
// made the list durable. True if it did; if not, nothing has changed. Nobody may have the queue
// open.
Result<bool> drop_unfinished_end_of_manifest(const std::string& directory);

}  // namespace signpost::rocks
