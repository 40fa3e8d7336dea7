#include "bench/sink/presence.h"

#include <algorithm>

namespace signpost::bench {

void Presence::enter(const std::string& local) {
  const MutexLock lock(mutex_);
  peaks_.all = std::max(peaks_.all, ++now_);
  peaks_.of_one_address = std::max(peaks_.of_one_address, ++now_by_address_[local]);
}

void Presence::leave(const std::string& local) {
  const MutexLock lock(mutex_);
  --now_;
  --now_by_address_[local];
}

Presence::Peaks Presence::peaks() const {
  const MutexLock lock(mutex_);
  return peaks_;
}

}  // namespace signpost::bench
