// Selects the jobs whose mail goes to certain sites.
#pragma once

#include "admin/services.h"
#include "admin/site_names.h"
#include "base/result.h"
#include "queue/lane.h"
#include "queue/store.h"

#include <map>
#include <string>
#include <vector>

namespace signpost::admin {

// For one request: where a lane's mail goes is found out once. Blocks on the DNS: see SiteNames.
class SiteFilter {
 public:
  // `given`: what SiteNames::find() takes, or, with "*" for any characters, the names of sites and
  // groups in any case; "": everything. Fails as find() does.
  static Result<SiteFilter> create(const Services& services, const std::string& given);

  // Takes out of `jobs` what goes elsewhere. Fails as SiteNames::of_lanes() does, and then has
  // taken out nothing.
  Result<void> apply(std::vector<queue::QueuedJob>& jobs);

 private:
  explicit SiteFilter(const Services& services) : names_(services) {}
  bool matches(const delivery::SiteName& name) const;

  SiteNames names_;
  std::string wanted_;
  bool is_pattern_ = false;
  std::map<queue::Lane, bool> selected_;
};

}  // namespace signpost::admin
