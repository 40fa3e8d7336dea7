// Which of the large mailbox providers a host belongs to, and what a reply is about
// (relay/labels.h).
#pragma once

#include "delivery/disposition.h"
#include "relay/labels.h"

#include <cstddef>
#include <string_view>

namespace signpost::delivery {

// By the name of the MX host that was talked to: an index into relay::kProviders; 0 for all others.
std::size_t provider_of(std::string_view mx_host);

relay::ReplyClass class_of(const Disposition& disposition);

}  // namespace signpost::delivery
