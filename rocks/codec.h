// The bytes of envelopes and jobs in the store: docs/queue-format.md. Pure; has a fuzz target.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"

#include <string>
#include <string_view>

namespace signpost::rocks {

std::string encode_envelope(const queue::Envelope& envelope);  // without the id (the key)
Result<queue::Envelope> decode_envelope(const queue::MessageId& id, std::string_view bytes);
std::string encode_job(const queue::Job& job);  // without the ref
Result<queue::Job> decode_job(const queue::JobRef& ref, std::string_view bytes);

}  // namespace signpost::rocks
