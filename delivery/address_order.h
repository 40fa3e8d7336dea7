// In which order the addresses of a next hop are tried, and how many of them.
#pragma once

#include "delivery/dead_addresses.h"
#include "delivery/next_hop.h"
#include "delivery/tls_decision.h"
#include "net/address.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

// Pure. Hosts by rank, each with all of its addresses (RFC 5321 section 5.1), the two families in
// turn (RFC 8305 section 4), within these bounds on one attempt: an address of each rank is tried,
// however many dead ones the ranks before it have. Slow addresses are the last of their rank, and
// recently dead ones come last of all. The next host is looked up when those before it are used up:
// another family that only it has is not worth the wait for the DNS.
class AddressOrder {
 public:
  // Of one attempt. More only if there are more ranks.
  static constexpr std::size_t kMostTargets = 10;

  // `hosts` by rank, those of one rank in the order in which to try them.
  explicit AddressOrder(std::vector<NextHop::Host> hosts);

  struct Target {
    std::string host;
    net::IpAddress address;
    DnsSecurity security{};  // what the DNS proves about it
    unsigned rank = 0;       // of the host
    bool is_dead = false;    // remembered as such
  };
  struct Step {  // one of the two; neither: there are no more
    std::optional<Target> target;
    std::optional<std::string> ask;  // the host whose addresses are needed next: then add()
  };
  Step next();
  void add(Target target, Standing standing);
  unsigned rank() const { return host_.rank; }  // of the host that was asked for last

 private:
  bool may_try_another() const;
  void give_up_rank();
  bool ends_rank() const { return hosts_.empty() || hosts_.front().rank != host_.rank; }
  Step take(std::deque<Target>& targets);

  std::deque<NextHop::Host> hosts_;  // still to be asked for
  NextHop::Host host_;               // the latest
  std::deque<Target> targets_;       // its addresses
  std::deque<Target> slow_;          // of hosts of its rank
  std::deque<Target> dead_;          // of all hosts
  std::optional<bool> last_was_v6_;
  std::size_t tried_ = 0;
  bool rank_tried_ = false;  // an address of this rank
};

}  // namespace signpost::delivery
