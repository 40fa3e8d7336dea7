// The bytes of envelopes and jobs in the store: docs/queue-format.md. Pure; has a fuzz target.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"

#include <string>
#include <string_view>

namespace signpost::rocks {

// `out` is overwritten; reusing one costs no allocation.
void encode_envelope(const queue::Envelope& envelope,
                     std::string& out);  // without the id (the key)
Result<queue::Envelope> decode_envelope(const queue::MessageId& id, std::string_view bytes);

// Without the ref. REQUIRES: no octet 0 in the lane.
void encode_job(const queue::Job& job, std::string& out);
Result<queue::Job> decode_job(const queue::JobRef& ref, std::string_view bytes);

// A job's row of format 1, which has no account and no route (carry_over.h).
bool is_former_job(std::string_view bytes);
Result<queue::Job> decode_former_job(const queue::JobRef& ref, std::string_view bytes);
// Either; a former one has an empty account, which no other has.
Result<queue::Job> decode_any_job(const queue::JobRef& ref, std::string_view bytes);

std::string encode_envelope(const queue::Envelope& envelope);
std::string encode_job(const queue::Job& job);

}  // namespace signpost::rocks
