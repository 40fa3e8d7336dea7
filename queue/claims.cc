#include "queue/claims.h"

namespace signpost::queue {

bool Claims::take(const JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  if (!home.jobs.try_emplace(key, false).second) return false;
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Claims::release(const JobRef& ref) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  const auto found = home.jobs.find(key);
  if (found == home.jobs.end()) return;
  if (found->second) active_.fetch_sub(1, std::memory_order_relaxed);
  home.jobs.erase(found);
  size_.fetch_sub(1, std::memory_order_relaxed);
}

bool Claims::contains(const JobRef& ref) const {
  const Key key = key_of(ref);
  const Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  return home.jobs.contains(key);
}

void Claims::set_active(const JobRef& ref, bool active) {
  const Key key = key_of(ref);
  Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  const auto found = home.jobs.find(key);
  if (found == home.jobs.end() || found->second == active) return;
  found->second = active;
  if (active) {
    active_.fetch_add(1, std::memory_order_relaxed);
  } else {
    active_.fetch_sub(1, std::memory_order_relaxed);
  }
}

bool Claims::is_active(const JobRef& ref) const {
  const Key key = key_of(ref);
  const Shard& home = shard(key);
  const MutexLock lock(home.mutex);
  const auto found = home.jobs.find(key);
  return found != home.jobs.end() && found->second;
}

}  // namespace signpost::queue
