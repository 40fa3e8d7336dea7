// What a receiver's reply is about.
#pragma once

#include <array>
#include <string_view>

namespace signpost::providers {

// Only `Address` says that the recipient itself is wrong.
enum class ReplyClass {
  Accepted,  // 2xx
  Address,   // no such mailbox or domain
  Mailbox,   // full, disabled
  Policy,    // authentication (SPF, DKIM, DMARC), blocked, relaying denied
  Rate,      // too many, too fast, reputation, greylisting
  Content,   // size, spam, virus, form
  Tls,
  Network,  // no connection, no answer, lost, DNS
  Other,
};
constexpr std::array<std::string_view, 9> texts_of(ReplyClass) {
  return {"accepted", "address", "mailbox", "policy", "rate", "content", "tls", "network", "other"};
}

}  // namespace signpost::providers
