// How the configuration has the DNS asked.
#pragma once

#include "config/config.h"
#include "dns/resolver_options.h"

namespace signpost::relay {

// With the name servers of `config` and what is believed of them; else as by default.
dns::ResolverOptions resolver_options(const config::Config& config);

}  // namespace signpost::relay
