// Lanes that wait for something: their owners take turns, and of an owner's lanes the one with the
// highest rank goes first.
#pragma once

#include "delivery/lane_share.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signpost::delivery {

struct Lane;

// Pure. A million lanes may wait, a few octets each. A lane must stay in memory while it is here.
class LaneQueue {
 public:
  void add(Lane& lane, const LaneShare& share);  // at most once at a time
  Lane* take();                                  // the next one; null: none
  Lane* first() const;                           // the same, left where it is
  // All of them into `lanes`, in an order of their turns.
  void take_all(std::deque<Lane*>& lanes);
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Calls `visit(const Lane&)` for up to `most` of them.
  template <typename Visit>
  void for_some(std::size_t most, Visit visit) const {
    for (const Owner& owner : owners_) {
      for (const auto& [rank, lanes] : owner.lanes) {
        for (const Lane* const lane : lanes) {
          if (most-- == 0) return;
          visit(*lane);
        }
      }
    }
  }

 private:
  struct Owner {
    std::string name;
    std::map<int, std::deque<Lane*>, std::greater<>> lanes;  // by rank; no list is empty
  };
  using Owners = std::list<Owner>;
  Owners owners_;  // in the order of their turns
  // The keys are views of the owners' names.
  std::unordered_map<std::string_view, Owners::iterator> by_name_;
  std::size_t size_ = 0;
};

}  // namespace signpost::delivery
