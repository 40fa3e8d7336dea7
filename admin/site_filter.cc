#include "admin/site_filter.h"

#include "delivery/next_hop.h"
#include "queue/pattern.h"
#include "smtp/idna.h"

#include <cstddef>
#include <utility>

namespace signpost::admin {

Result<SiteFilter> SiteFilter::create(const Services& services, const std::string& given) {
  const std::string wanted = smtp::text_with_a_labels(given);
  SiteFilter filter(services);
  if (wanted.empty()) return filter;
  // The group of a [[destination]] table may itself be called "mx:*.example".
  filter.is_pattern_ =
      wanted.contains('*') &&
      services.delivery.scheduler.sites_named(wanted, 1, services.now()).total == 0;
  if (filter.is_pattern_) {
    filter.wanted_ = wanted;
    return filter;
  }
  auto found = filter.names_.find(wanted);
  if (!found) return Failure(std::move(found).error());
  filter.wanted_ = std::move(found->site);
  return filter;
}

bool SiteFilter::matches(const delivery::SiteName& name) const {
  if (name.key.empty()) return false;
  // A receiver's name stands for its mail from all sources.
  const std::string receiver(delivery::without_sources(name.key));
  if (!is_pattern_) return name.key == wanted_ || receiver == wanted_ || name.group == wanted_;
  return queue::matches_pattern(wanted_, name.key) || queue::matches_pattern(wanted_, receiver) ||
         (!name.group.empty() && queue::matches_pattern(wanted_, name.group));
}

Result<void> SiteFilter::apply(std::vector<queue::QueuedJob>& jobs) {
  if (wanted_.empty()) return {};
  std::vector<queue::Lane> unknown;
  for (const queue::QueuedJob& each : jobs) {
    if (selected_.emplace(each.job.lane, false).second) unknown.push_back(each.job.lane);
  }
  const auto names = names_.of_lanes(unknown);
  if (!names) return Failure(names.error());
  for (std::size_t i = 0; i < unknown.size(); ++i) selected_[unknown[i]] = matches((*names)[i]);
  std::erase_if(jobs, [&](const queue::QueuedJob& each) { return !selected_.at(each.job.lane); });
  return {};
}

}  // namespace signpost::admin
