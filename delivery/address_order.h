// In which order the addresses of a next hop are tried, and how many of them.
#pragma once

#include "delivery/next_hop.h"
#include "net/address.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

// Pure. Hosts by rank, each with all of its addresses (RFC 5321 section 5.1), within these bounds
// on one attempt: an address of each rank is tried, however many dead ones the ranks
// before it have, and recently dead addresses come last of all.
class AddressOrder {
 public:
  // Of one attempt. More only if there are more ranks.
  static constexpr std::size_t kMostTargets = 10;

  // `hosts` by rank, those of one rank in the order in which to try them.
  explicit AddressOrder(std::vector<NextHop::Host> hosts);

  struct Target {
    std::string host;
    net::IpAddress address;
    bool authenticated = false;  // by DNSSEC
    unsigned rank = 0;           // of the host
  };
  struct Step {  // one of the two; neither: there are no more
    std::optional<Target> target;
    std::optional<std::string> ask;  // the host whose addresses are needed next: then add()
  };
  Step next();
  void add(Target target, bool was_dead);
  unsigned rank() const { return host_.rank; }  // of the host that was asked for last

 private:
  bool may_try_another() const;
  void give_up_rank();

  std::deque<NextHop::Host> hosts_;  // still to be asked for
  NextHop::Host host_;               // the latest
  std::deque<Target> targets_;       // its addresses
  std::deque<Target> dead_;          // of all hosts
  std::size_t tried_ = 0;
  bool rank_tried_ = false;  // an address of this rank
};

}  // namespace signpost::delivery
