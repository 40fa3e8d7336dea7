// How many connections lead to each address, whichever sites they belong to, and who waits for one.
// A stranger can have any number of domains, and thus of sites, lead to one address.
#pragma once

#include "net/address.h"

#include <cstddef>
#include <deque>
#include <memory>
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

  // `site` waits until a place is free. REQUIRES: a place is taken
  void wait(const net::IpAddress& address, std::shared_ptr<Site> site);
  bool is_wanted(const net::IpAddress& address) const;
  // Takes out the site that has waited longest; null: none.
  std::shared_ptr<Site> next(const net::IpAddress& address);

  std::size_t addresses() const { return places_.size(); }

 private:
  struct Place {
    std::size_t open = 0;
    std::deque<std::shared_ptr<Site>> waiting;
  };
  using Places = std::unordered_map<net::IpAddress, Place>;

  void forget_unused(Places::iterator place);

  Places places_;
};

}  // namespace signpost::delivery
