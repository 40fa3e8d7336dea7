// The words for a client that sends to more recipients than it may, and what its message was
// charged to. Pure.
#pragma once

#include "base/clock.h"
#include "quota/counters.h"
#include "relay/recipient_limits.h"
#include "submission/refusal.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace signpost::submission {

// A message's recipients and those who have limits on them; no one has without limits.
struct Charge {
  std::vector<quota::Holder> holders{};
  std::uint64_t recipients = 0;
};

// 450 4.7.1, with how long to wait. `what`: "recipient" or "message".
Refused quota_used_up(const quota::Shortage& shortage, std::string_view what, SystemTime now);
// 452 4.5.3: the client sends to the other recipients in another message.
Refused too_many_in_message(const relay::MessageLimit& limit, const relay::RecipientSource& source);

}  // namespace signpost::submission
