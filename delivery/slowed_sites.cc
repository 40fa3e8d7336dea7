#include "delivery/slowed_sites.h"

#include <chrono>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kPause{1};

}  // namespace

SlowedSites::SlowedSites(relay::Context& context, const Scheduler& scheduler)
    : context_(context), scheduler_(scheduler), timer_(context.loop, [this] { publish(); }) {
  timer_.start(kPause);
}

void SlowedSites::publish() {
  std::map<std::string, std::int64_t> counts;
  // Those that were shown before have one as well, which may be zero now.
  for (const auto& [label, count] : shown_) counts[label] = 0;
  const providers::Providers& providers = *context_.settings->providers;
  for (const std::string& host : scheduler_.slowed()) {
    ++counts[context_.metrics.of_provider(providers.name_of(host)).label];
  }
  for (const auto& [label, count] : counts) {
    context_.metrics.of_provider(label).slowed_sites.set(count);
  }
  std::erase_if(counts, [](const auto& each) { return each.second == 0; });
  shown_ = std::move(counts);
  timer_.start(kPause);
}

}  // namespace signpost::delivery
