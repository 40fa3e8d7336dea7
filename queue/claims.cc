#include "queue/claims.h"

namespace signpost::queue {

bool Claims::take(const JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  if (!home.keys.insert(key).second) return false;
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Claims::release(const JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  if (home.keys.erase(key) != 0) size_.fetch_sub(1, std::memory_order_relaxed);
}

bool Claims::contains(const JobRef& ref) const {
  const Key key = key_of(ref);
  const Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  return home.keys.contains(key);
}

}  // namespace signpost::queue
