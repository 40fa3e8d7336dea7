// The index of waiting jobs, ordered by lane and due time: what is due, and which lanes wait.
#pragma once

#include "queue/store.h"
#include "rocks/row_reader.h"

#include <cstddef>

namespace signpost::rocks {

// Any thread; see Store.
Result<queue::LanePage> list_lanes(const RowReader& reader, const queue::Cursor& from,
                                   std::size_t limit);
Result<queue::LaneCounts> count_waiting(const RowReader& reader, const queue::Cursor& from,
                                        std::size_t limit);
Result<queue::ClaimedJobs> claim_due(const RowReader& reader, queue::Claims& claims,
                                     const queue::Lane& lane, const queue::LanePosition& from,
                                     SystemTime until, std::size_t limit);
Result<queue::OverdueJobs> find_overdue(const RowReader& reader, const queue::Lane& lane,
                                        const queue::LanePosition& from, SystemTime until,
                                        SystemTime accepted_until, bool notified,
                                        std::size_t limit);

}  // namespace signpost::rocks
