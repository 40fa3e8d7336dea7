#include "dns/cache.h"

#include <utility>

namespace signpost::dns {

std::shared_ptr<const Outcome> Cache::find(const Question& question, SteadyTime now) {
  const auto found = index_.find(question);
  if (found == index_.end()) return nullptr;
  const Entries::iterator entry = found->second;
  if (entry->expires <= now) {
    entries_.erase(entry);
    index_.erase(found);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->outcome;
}

void Cache::insert(const Question& question, std::shared_ptr<const Outcome> outcome,
                   SteadyTime expires) {
  if (capacity_ == 0) return;
  if (const auto found = index_.find(question); found != index_.end()) {
    entries_.erase(found->second);
    index_.erase(found);
  }
  if (index_.size() == capacity_) {
    index_.erase(entries_.back().question);
    entries_.pop_back();
  }
  entries_.push_front({question, std::move(outcome), expires});
  index_.emplace(question, entries_.begin());
}

}  // namespace signpost::dns
