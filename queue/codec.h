// The bytes of envelopes and jobs in the store: docs/queue-format.md. Pure; has a fuzz target.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"

#include <string>
#include <string_view>

namespace signpost::queue {

std::string encode_envelope(const Envelope& envelope);  // without the id (the key)
Result<Envelope> decode_envelope(const MessageId& id, std::string_view bytes);
std::string encode_job(const Job& job);  // without the ref
Result<Job> decode_job(const JobRef& ref, std::string_view bytes);

}  // namespace signpost::queue
