// Mail that waits together: that of one account for one recipient domain, of one priority. All mail
// of a lane goes to one place, in the order in which it is due.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace signpost::queue {

// Stored with each job, since the index of waiting jobs is ordered by it. REQUIRES: no text holds
// an octet 0, nor the route an octet 1.
struct Lane {
  std::string domain;  // of the recipients, lower case, in A-labels (former versions: or U-labels)
  // The login; without one "@", the domain of the reverse-path, a blank and the client's address
  // (IPv6: its /64): one client may use any number of domains. Notifications, and jobs that older
  // versions stored, are without the client.
  std::string account;
  // The `via` of the route that was chosen by the sender when the job was stored; "" when none was;
  // ">" and a `via` when an operator has redirected the job (relay/redirect.h). At its end "<" and
  // the pool that it is sent from (relay/source_pool.h). It is compared with the configuration in
  // force when the job is taken.
  std::string route;
  // MT-PRIORITY (RFC 6710), from -9 to 9. Of its mail for one receiver an account's lane with the
  // highest goes first.
  int priority = 0;

  friend auto operator<=>(const Lane&, const Lane&) = default;
};

// Who is responsible for `account`: the login or the client. A view of `account`.
std::string_view holder_of(std::string_view account);

}  // namespace signpost::queue
