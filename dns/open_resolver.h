// The resolver of the product: c-ares, with a bounded cache that honours TTLs (RFC 1035, RFC 2308).
#pragma once

#include "base/result.h"
#include "dns/resolver.h"
#include "dns/resolver_options.h"
#include "net/loop.h"

#include <memory>

namespace signpost::metrics {
class Registry;
}

namespace signpost::dns {

// `loop` and `registry` must outlive it.
Result<std::unique_ptr<Resolver>> open_resolver(net::Loop& loop, const ResolverOptions& options,
                                                metrics::Registry& registry);

}  // namespace signpost::dns
