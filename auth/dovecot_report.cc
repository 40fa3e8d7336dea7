#include "auth/dovecot_report.h"

#include "auth/events.h"

namespace signpost::auth {

bool DovecotReport::failed(const std::string& socket, const std::string& detail) {
  const MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  std::erase_if(told_, [now](const auto& one) { return one.second + kQuiet <= now; });
  if (told_.size() >= kMostReasons || !told_.emplace(detail, now).second) return false;
  failing_.store(true);
  log::emit(events::DovecotUnavailable{.socket = socket, .detail = detail});
  return true;
}

bool DovecotReport::answered(const std::string& socket) {
  if (!failing_.load(std::memory_order_relaxed) || !failing_.exchange(false)) return false;
  log::emit(events::DovecotAvailable{.socket = socket});
  return true;
}

}  // namespace signpost::auth
