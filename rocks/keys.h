// The keys of the store: docs/queue-format.md. Numbers are big-endian, so that keys sort by them.
#pragma once

#include "queue/store.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::rocks {

std::string_view message_key(const queue::MessageId& id);  // lives as long as `id`
std::string job_key(const queue::JobRef& ref);
void job_key(const queue::JobRef& ref, std::string& out);  // `out` is overwritten
std::optional<queue::JobRef> parse_job_key(std::string_view key);
// What the keys of all versions of a job begin with.
std::string job_prefix(const queue::JobRef& ref);

// A lane's texts with an octet 0 after each, the last one with the priority unless that is 0: no
// lane's prefix is the beginning of another's. REQUIRES: is_lane().
std::string lane_prefix(const queue::Lane& lane);
// Whether a key can hold it: the texts contain no octet 0, the route no octet 1, and the priority
// is one of RFC 6710.
bool is_lane(const queue::Lane& lane);
// A due time before 1970 sorts as 1970.
std::string lane_key(const queue::Lane& lane, const queue::LanePosition& position);
void lane_key(const queue::Lane& lane, const queue::LanePosition& position, std::string& out);
// The same for a prefix made before.
std::string lane_key(std::string_view prefix, const queue::LanePosition& position);

// Views into the key.
struct LaneKey {
  std::string_view prefix;
  queue::LanePosition position;
};
std::optional<LaneKey> parse_lane_key(std::string_view key);
std::optional<queue::Lane> parse_lane_prefix(std::string_view prefix);

// The value of a job's row in the lane index: one octet of flags. A constant.
std::string_view lane_row(const queue::Job& job);
// Whether the sender of that job had a notice of the delay.
bool is_delay_notified(std::string_view lane_row);
bool has_deadline(std::string_view lane_row);  // queue::Job::deadline

// Of format 1, whose index of deferred jobs had no lanes.
std::string former_due_key(SystemTime due, const queue::JobRef& ref);

// The first key after all keys that begin with `prefix`. REQUIRES: an octet of it is not 0xff.
std::string after_prefix(std::string_view prefix);

}  // namespace signpost::rocks
