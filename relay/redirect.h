// Mail that an operator has redirected to a [[route]] or to its MX hosts, whatever its sender and
// recipients.
//
// The route of its lane (queue::Lane) is ">" and the `via` of that route. It lasts until the job
// leaves the queue, the operator takes it back, or the configuration has no such route any more.
// MX records can be followed without a route.
#pragma once

#include "config/config.h"
#include "queue/lane.h"
#include "relay/route.h"

#include <string>
#include <string_view>

namespace signpost::relay {

std::string redirection_to(std::string_view via);         // Lane::route
bool is_redirected(std::string_view route);               // a Lane::route
std::string_view redirected_via(std::string_view route);  // the `via`; "" if it is not redirected

// The `via` of mail that follows the MX records.
inline constexpr std::string_view kViaMx = "mx";

// The first route with this `via`, null if there is none.
const config::RouteConfig* route_named(const config::Config& config, std::string_view via);
// Whether mail can be redirected there.
bool has_way(const config::Config& config, std::string_view via);

// The route of a lane's mail to `domain` (in A-labels): that of the redirection, else route_of().
// Null: the mail follows the MX records.
const config::RouteConfig* lane_route(const config::Config& config, std::string_view domain,
                                      std::string_view route);

// What Lane::route of a message's mail in `lane` should be under `config`: as it is while it is
// redirected to a way that there is, else sender_route().
std::string route_in_force(const config::Config& config, const Origin& origin,
                           const queue::Lane& lane);

}  // namespace signpost::relay
