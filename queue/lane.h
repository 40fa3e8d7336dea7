// Mail that waits together: that of one account for one recipient domain. Fairness is between
// lanes, and all mail of a lane goes to one place.
#pragma once

#include <compare>
#include <string>

namespace signpost::queue {

// Stored with each job, since the index of waiting jobs is ordered by it. REQUIRES: no text holds
// an octet 0.
struct Lane {
  std::string domain;   // of the recipients, lower case, in A-labels (former versions: or U-labels)
  std::string account;  // the login; without one "@" and the domain of the reverse-path
  // The `via` of the route that was chosen by the sender when the job was stored; "" when none was.
  // It is compared with the configuration in force when the job is taken.
  std::string route;

  friend auto operator<=>(const Lane&, const Lane&) = default;
};

}  // namespace signpost::queue
