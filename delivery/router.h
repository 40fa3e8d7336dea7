// Finds out where a lane's mail goes, before a connection is reserved for it.
#pragma once

#include "delivery/disposition.h"
#include "delivery/next_hop.h"
#include "dns/resolver.h"
#include "queue/lane.h"
#include "relay/context.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <unordered_map>

namespace signpost::delivery {

// Belongs to one worker; its thread only. Destroying it cancels look-ups under way.
class Router {
 public:
  using Done = std::function<void(const queue::Lane&, std::expected<NextHop, Disposition>)>;

  explicit Router(relay::Context& context) : context_(context) {}

  // By the routes of the configuration in force, else by the MX records of the lane's domain and
  // its MTA-STS policy. Calls `done` once, perhaps at once.
  void look_up(queue::Lane lane, Done done);

 private:
  // The mail exchangers of a lane, whose domain's policy is to be found yet.
  struct Found {
    queue::Lane lane;
    RoutePlan plan;
    dns::MxAnswer answer;
    Done done;
  };
  void find_policy(std::uint64_t number, Found found);
  void finish(const Found& found, const mta_sts::Finding& finding);

  relay::Context& context_;
  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, dns::QueryHandle> queries_;
};

}  // namespace signpost::delivery
