#include "bench/sink/busy.h"

namespace signpost::bench {

bool Busy::turns_away(std::uint64_t accepted, Clock::time_point now) {
  if (accepted < time_.after) return false;
  const MutexLock lock(mutex_);
  if (!began_) began_ = now;
  if (replies_ >= time_.replies && now - *began_ >= time_.duration) return false;
  ++replies_;
  return true;
}

}  // namespace signpost::bench
