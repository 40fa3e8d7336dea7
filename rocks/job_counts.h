// How many jobs recent messages still have, so that the removal of the last one is noticed
// without reading the store. Bounded: what was forgotten is counted in the store.
#pragma once

#include "queue/message_id.h"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace signpost::rocks {

// Belongs to one thread. Two generations: when the younger one is full the older one is forgotten.
// So a message that stays in the queue for long costs no memory, and no timer is needed.
class JobCounts {
 public:
  struct Count {
    std::uint32_t left = 0;
    // No job was removed or replaced yet: numbers 0 … left - 1 are all stored at revision 0.
    bool untouched = false;
  };

  explicit JobCounts(std::size_t generation) : generation_(generation) {}

  Count* find(const queue::MessageId& id) {
    if (auto it = young_.find(id); it != young_.end()) return &it->second;
    if (auto it = old_.find(id); it != old_.end()) return &it->second;
    return nullptr;
  }

  // REQUIRES: find(id) == nullptr. The reference holds until the next call.
  Count& insert(const queue::MessageId& id, Count count) { return young_[id] = count; }

  void erase(const queue::MessageId& id) {
    young_.erase(id);
    old_.erase(id);
  }

  // Between two groups only: within one, what its first change set must not be forgotten.
  void trim() {
    if (young_.size() < generation_) return;
    old_ = std::exchange(young_, {});
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  std::size_t generation_;
  std::unordered_map<queue::MessageId, Count> young_;
  std::unordered_map<queue::MessageId, Count> old_;
};

}  // namespace signpost::rocks
