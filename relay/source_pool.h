// Which [[pool]] of the configuration mail is sent from.
//
// It is chosen by sender and login when mail is accepted, as a [[route]] is, and stored with it: at
// the end of queue::Lane::route, after a mark.
#pragma once

#include "config/config.h"
#include "relay/origin.h"

#include <string>
#include <string_view>

namespace signpost::relay {

// The first pool that applies; null: the mail is sent from delivery.source.
const config::PoolConfig* find_pool(const config::Config& config, const Origin& origin);
// The first pool with this name, null if there is none.
const config::PoolConfig* pool_named(const config::Config& config, std::string_view name);

// Lane::route of mail that goes by the route `via` ("": of none that was chosen by its sender) from
// the pool `name` ("": of none).
std::string with_pool(std::string via, std::string_view name);
std::string_view pool_of(std::string_view route);       // the name; "": of none
std::string_view without_pool(std::string_view route);  // the `via`
std::string route_text(std::string_view route);         // for the log

}  // namespace signpost::relay
