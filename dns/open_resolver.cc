#include "dns/open_resolver.h"

#include "dns/caching_resolver.h"
#include "dns/question_channel.h"

#include <utility>

namespace signpost::dns {

Result<std::unique_ptr<Resolver>> open_resolver(net::Loop& loop, const ResolverOptions& options,
                                                metrics::Registry& registry, const Clock& clock) {
  auto channel = QuestionChannel::open(loop, options, registry);
  if (!channel) return Failure(std::move(channel).error());
  return std::make_unique<CachingResolver>(loop, clock, options, registry, std::move(*channel));
}

}  // namespace signpost::dns
