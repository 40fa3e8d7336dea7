// Which [[route]] of the configuration takes mail of a login and a sender to a domain.
#pragma once

#include "config/config.h"
#include "queue/lane.h"
#include "relay/origin.h"
#include "smtp/address.h"

#include <string>
#include <string_view>

namespace signpost::relay {

// The first route that applies, null when none does. `domain`: of the recipients, in A-labels and
// lower case.
const config::RouteConfig* find_route(const config::Config& config, const Origin& origin,
                                      std::string_view domain);

// What Lane::route of mail to `domain` (that of a lane) should be: the `via` of that route if the
// sender or the login affected its choice, else "": all mail of a lane goes to one place, so they
// matter only where they decide the place. Then, unless that route has next hops of its own, the
// pool that the mail is sent from; see source_pool.h.
std::string sender_route(const config::Config& config, const Origin& origin,
                         std::string_view domain);

// The route of a lane's mail: the first one for `domain` (in A-labels) that depends on neither
// sender nor login, or that `via` names. Null: the mail follows the MX records.
const config::RouteConfig* route_of(const config::Config& config, std::string_view domain,
                                    std::string_view via);

// Whose mail it is: see queue::Lane. `client`: who submits it without a login; "" for our own.
std::string account_of(std::string_view login, const smtp::ReversePath& reverse_path,
                       std::string_view client = "");

// The lane of a job for recipients in `domain`.
queue::Lane lane_of(const config::Config& config, std::string_view login,
                    const smtp::ReversePath& reverse_path, std::string domain);

}  // namespace signpost::relay
