// Names for the large mailbox providers and for the kinds of replies: closed sets, so that they can
// be labels of metrics.
#pragma once

#include "relay/disposition.h"
#include "smtp/reply.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace signpost::relay {

inline constexpr std::array<std::string_view, 11> kProviders = {
    "other", "google",   "microsoft", "yahoo", "apple", "orange",
    "gmx",   "t-online", "comcast",   "ovh",   "proton"};

// By the name of the MX host that was talked to: an index into kProviders; 0 for all others.
std::size_t provider_of(std::string_view mx_host);

// What a reply is about. Only `Address` says that the recipient itself is wrong.
enum class ReplyClass : std::size_t {
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
inline constexpr std::array<std::string_view, 9> kReplyClasses = {
    "accepted", "address", "mailbox", "policy", "rate", "content", "tls", "network", "other"};

ReplyClass class_of(const Disposition& disposition);

}  // namespace signpost::relay
