// The limits of its sessions that a server announces (RFC 9422).
#pragma once

#include <cstddef>
#include <string_view>

namespace signpost::smtp {

// 0: none is announced.
struct PeerLimits {
  std::size_t mails = 0;              // MAILMAX: MAIL commands of a session, refused ones too
  std::size_t recipients = 0;         // RCPTMAX: RCPT commands of a transaction
  std::size_t recipient_domains = 0;  // RCPTDOMAINMAX: their domains
  friend bool operator==(const PeerLimits&, const PeerLimits&) = default;
};

// LIMITS' arguments. Unknown limits and values that are not 1 to 999999 are ignored (RFC 9422
// section 4); of a limit that is repeated the smallest value counts.
PeerLimits parse_limits(std::string_view arguments);

}  // namespace signpost::smtp
