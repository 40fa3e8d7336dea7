// The Store on RocksDB: docs/queue-format.md owns the bytes. Nobody outside of rocks/ sees a type
// of RocksDB.
#pragma once

#include "base/result.h"
#include "queue/store.h"
#include "rocks/options.h"

#include <memory>
#include <string>

namespace signpost::rocks {

// Opens or creates the queue in `directory`. One of an older format is carried over first. A format
// that is newer than this program's is refused and left untouched; the error says what to do.
// Another process that holds it is an error too. A queue that is damaged is replaced by what can be
// read of it, and kept beside it with a report of what is missing: docs/queue-format.md.
Result<std::unique_ptr<queue::Store>> open_store(const std::string& directory,
                                                 const Options& options);

}  // namespace signpost::rocks
