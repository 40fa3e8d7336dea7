// The keys of the store: docs/queue-format.md. Numbers are big-endian, so that keys sort by them.
#pragma once

#include "queue/envelope.h"

#include <optional>
#include <string>
#include <string_view>

namespace signpost::rocks {

std::string_view message_key(const queue::MessageId& id);  // lives as long as `id`
std::string job_key(const queue::JobRef& ref);
// A due time before 1970 sorts as 1970.
std::string due_key(SystemTime due, const queue::JobRef& ref);
std::string due_bound(SystemTime due);  // before every key that is due at `due` or later
// The first key behind all keys that begin with `prefix`. REQUIRES: an octet of it is not 0xff.
std::string after_prefix(std::string_view prefix);

std::optional<queue::JobRef> parse_job_key(std::string_view key);
std::optional<queue::JobRef> parse_due_key(std::string_view key);

}  // namespace signpost::rocks
