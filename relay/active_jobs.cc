#include "relay/active_jobs.h"

namespace signpost::relay {

bool ActiveJobs::claim(const queue::JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const std::lock_guard lock(home.mutex);
  if (!home.keys.insert(key).second) return false;
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void ActiveJobs::release(const queue::JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const std::lock_guard lock(home.mutex);
  if (home.keys.erase(key) != 0) size_.fetch_sub(1, std::memory_order_relaxed);
}

bool ActiveJobs::contains(const queue::JobRef& ref) const {
  const Key key = key_of(ref);
  const Shard& home = shard(key);
  const std::lock_guard lock(home.mutex);
  return home.keys.contains(key);
}

}  // namespace signpost::relay
