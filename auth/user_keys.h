// The keys of a login in users.toml, for the manual: signpost-users.toml(5).
#pragma once

#include "config/config_reader.h"

#include <vector>

namespace signpost::auth {

std::vector<config::KeyText> user_keys();  // in the manual's order

}  // namespace signpost::auth
