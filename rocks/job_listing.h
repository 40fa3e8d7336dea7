// Which jobs match a filter, in the order of acceptance.
#pragma once

#include "base/clock.h"
#include "queue/store.h"
#include "rocks/row_reader.h"
#include "rocks/tally.h"

#include <cstddef>
#include <optional>

namespace signpost::rocks {

// Any thread; see Store.
Result<queue::JobPage> list_jobs(const RowReader& reader, const queue::JobFilter& filter,
                                 const queue::Cursor& from, std::size_t limit);

// The time of acceptance of the oldest message with a job in `state`.
std::optional<SystemTime> find_oldest(const RowReader& reader, const queue::Store& store,
                                      Tally& tally, queue::JobState state);

}  // namespace signpost::rocks
