// What operators call sites, and which sites mail goes to.
#pragma once

#include "admin/services.h"
#include "base/result.h"
#include "delivery/next_hop.h"
#include "delivery/site_view.h"
#include "queue/lane.h"

#include <optional>
#include <string>
#include <vector>

namespace signpost::admin {

// Each call blocks on the DNS for up to 20 seconds: for the threads of the admin side's pool, never
// for a worker's.
class SiteNames {
 public:
  explicit SiteNames(const Services& services) : services_(services) {}

  struct Named {
    std::string site;                        // NextHop::key, or NextHop::group
    std::optional<delivery::NextHop> hop{};  // when a domain was named
  };
  // A name is the key of a site, or of a group: a provider's, or the `mx:` pattern of a
  // [[destination]] table; one without mail has to be possible (see site_key()). A domain, with or
  // without "@", stands for the site of its mail, as far as neither sender nor login decide; the
  // DNS is asked for that. NotFound, InvalidArgument, or Unavailable if the DNS does not answer.
  Result<Named> find(const std::string& given) const;

  // Where the mail of each of these lanes goes: as the scheduler knows it, else by the
  // configuration and the DNS. The names of one that cannot be looked up are "". Unavailable if no
  // name server answers.
  Result<std::vector<delivery::SiteName>> of_lanes(const std::vector<queue::Lane>& lanes) const;

 private:
  Result<delivery::NextHop> look_up(const std::string& domain) const;

  const Services services_;
};

}  // namespace signpost::admin
