// The settings in force, for those to whom no worker hands them.
#pragma once

#include "base/mutex.h"
#include "relay/settings.h"

#include <memory>
#include <utility>

namespace signpost::relay {

// Any thread. Never null: a reload replaces them, and who has them may keep them.
class SettingsInForce {
 public:
  explicit SettingsInForce(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)) {}

  void set(std::shared_ptr<const Settings> settings) {
    const MutexLock lock(mutex_);
    settings_ = std::move(settings);
  }
  std::shared_ptr<const Settings> get() const {
    const MutexLock lock(mutex_);
    return settings_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Settings> settings_ GUARDED_BY(mutex_);
};

}  // namespace signpost::relay
