// The resolver of the product: c-ares, with a bounded cache that honours TTLs (RFC 1035, RFC 2308).
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "dns/resolver.h"
#include "dns/resolver_options.h"
#include "net/loop.h"

#include <memory>

namespace signpost::metrics {
class Registry;
}

namespace signpost::dns {

// `loop`, `registry` and `clock` must outlive it. By `clock` answers expire; how long to wait for a
// name server is up to the loop.
Result<std::unique_ptr<Resolver>> open_resolver(net::Loop& loop, const ResolverOptions& options,
                                                metrics::Registry& registry,
                                                const Clock& clock = real_clock());

}  // namespace signpost::dns
