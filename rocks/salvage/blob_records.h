// RocksDB's blob files as they lie on the disk, for the case that the index which points into them
// cannot be read: the records name their keys, and each has checksums of its own.
//
// Pure; has a fuzz target.
#pragma once

#include "queue/message_id.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::rocks {

// Calls `found` with each record of `file` that has a message's key and a whole header: where its
// value lies. Damaged ones are skipped.
void find_blobs(std::string_view file,
                const std::function<void(const queue::MessageId& id, std::size_t offset,
                                         std::size_t size)>& found);

// Whether the value at that place is what was written with that key.
bool blob_is_whole(std::string_view file, std::size_t offset, std::size_t size);

// The value at that place as it was before `file` compressed it; nothing: it is not such a value.
std::optional<std::string> uncompressed_blob(std::string_view file, std::size_t offset,
                                             std::size_t size);

}  // namespace signpost::rocks
