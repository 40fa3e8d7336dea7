#include "dns/service_watch.h"

#include <algorithm>
#include <utility>

namespace signpost::dns {

void ServiceWatch::answered() {
  const MutexLock lock(mutex_);
  if (names_.empty()) return;
  names_.clear();
  down_.store(false, std::memory_order_relaxed);
}

void ServiceWatch::failed(std::string_view name, std::string_view why, SteadyTime now) {
  const MutexLock lock(mutex_);
  if (names_.empty()) {
    since_ = now;
    questions_ = 0;
  }
  ++questions_;
  if (told_) told_questions_ += 1;
  if (names_.size() >= kNames || std::ranges::find(names_, name) != names_.end()) return;
  names_.emplace_back(name);
  if (names_.size() < kNames) return;
  why_ = why;
  down_.store(true, std::memory_order_relaxed);
}

std::optional<ServiceWatch::Change> ServiceWatch::take_change(SteadyTime now) {
  const MutexLock lock(mutex_);
  const bool down = names_.size() >= kNames;
  if (down == told_) return std::nullopt;
  told_ = down;
  if (down) {
    told_since_ = since_;
    told_questions_ = questions_;
    return Change{.down = true, .why = why_, .lasted = {}, .questions = questions_};
  }
  return Change{.down = false,
                .why = {},
                .lasted = std::chrono::duration_cast<std::chrono::seconds>(now - told_since_),
                .questions = told_questions_};
}

}  // namespace signpost::dns
