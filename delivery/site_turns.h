// Sites that wait for something which they share, and whose turn it is.
#pragma once

#include "delivery/lane_share.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace signpost::delivery {

struct Site;

// Pure. A site waits with the mail that it has of each owner. Owners take turns, and within an
// owner's turn the site that has his mail with the highest rank goes first, among equals the one
// that has waited longest: what goes first of an owner's mail, and what others' mail does to
// it, is the same between sites as in the line of one (see JobLine).
class SiteTurns {
 public:
  // A site waits with the mail of so many owners at most; its own line lets them take turns.
  static constexpr std::size_t kMostOwners = 64;

  // The site has mail like this, and `ready` a connection for it, too: among equals that goes
  // before those without. What it waits with already keeps its turn, unless it goes earlier by
  // this.
  void add(const std::shared_ptr<Site>& site, const LaneShare& mail, bool ready = false);
  // With all its mail.
  void remove(const Site& site);
  void clear();

  struct Turn {
    std::shared_ptr<Site> site;
    std::string owner;
  };
  // Takes out the next site, with all its mail.
  std::optional<Turn> take();
  // The site had no use for it: the owner's next site comes instead.
  void give_back_turn(const std::string& owner);
  std::shared_ptr<Site> first() const;  // the same, left where it is; null: none

  bool contains(const Site& site) const { return waiting_.contains(&site); }
  // Whether one waits with mail that goes before this of the same owner.
  bool goes_before(const LaneShare& mail) const;
  std::size_t size() const { return waiting_.size(); }  // sites
  bool empty() const { return waiting_.empty(); }

 private:
  struct Order {
    int rank = 0;
    bool ready = false;
    std::uint64_t turn = 0;
    bool is_before(const Order& other) const {  // for another reason than that it has waited longer
      return rank != other.rank ? rank > other.rank : ready && !other.ready;
    }
    friend bool operator<(const Order& one, const Order& other) {
      return one.is_before(other) || (!other.is_before(one) && one.turn < other.turn);
    }
  };
  struct Owner {
    std::string name;
    std::map<Order, std::shared_ptr<Site>> sites;  // never empty
  };
  using Owners = std::list<Owner>;
  struct Place {
    Owners::iterator owner;
    Order order;
  };

  void leave(const Place& place);

  Owners owners_;  // in the order of their turns
  // The keys are views of the owners' names.
  std::unordered_map<std::string_view, Owners::iterator> by_name_;
  std::unordered_map<const Site*, std::vector<Place>> waiting_;
  std::uint64_t turns_ = 0;
};

}  // namespace signpost::delivery
