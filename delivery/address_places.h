// How many connections lead to each address, whichever sites they belong to, and who waits for one.
// A stranger can have any number of domains, and thus of sites, lead to one address.
#pragma once

#include "delivery/site_turns.h"
#include "net/address.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>

namespace signpost::delivery {

struct Site;

// Pure. An IPv6 address counts as its /64.
class AddressPlaces {
 public:
  // False: `limit` connections are open already.
  bool take(const net::IpAddress& address, std::size_t limit);
  // REQUIRES: taken
  void give_back(const net::IpAddress& address);

  // Those who wait until a place is free. REQUIRES: one is taken there, or somebody waits
  SiteTurns& waiting(const net::IpAddress& address);
  bool is_wanted(const net::IpAddress& address) const;
  // Whether a connection of `site` that has carried so many messages, and would go on with such
  // mail, makes room for another site; and that it does.
  bool must_yield(const net::IpAddress& address, const Site& site, std::size_t messages,
                  const LaneShare& mail) const;
  void leaves(const net::IpAddress& address);
  // Takes out the site whose turn it is; nothing: none waits.
  std::optional<SiteTurns::Turn> next(const net::IpAddress& address);

  std::size_t addresses() const { return places_.size(); }

 private:
  struct Place {
    std::size_t open = 0;
    std::size_t leaving = 0;
    SiteTurns waiting;
  };
  using Places = std::unordered_map<net::IpAddress, Place>;

  void forget_unused(Places::iterator place);

  Places places_;
};

}  // namespace signpost::delivery
