// The settings in force, for threads that are no workers.
#pragma once

#include "base/mutex.h"
#include "relay/settings.h"

#include <memory>
#include <utility>

namespace signpost::relay {

// Any thread.
class CurrentSettings {
 public:
  void set(std::shared_ptr<const Settings> settings) {
    const MutexLock lock(mutex_);
    settings_ = std::move(settings);
  }
  std::shared_ptr<const Settings> get() const {  // null before the first ones
    const MutexLock lock(mutex_);
    return settings_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Settings> settings_ GUARDED_BY(mutex_);
};

}  // namespace signpost::relay
