// Tells in the log why a Dovecot cannot be asked, and that it can again.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace signpost::auth {

// Shared by all workers; any thread. However many logins and workers meet a reason, it has one line
// in kQuiet.
class DovecotReport {
 public:
  static constexpr std::chrono::seconds kQuiet{60};
  static constexpr std::size_t kMostReasons = 16;  // in kQuiet

  explicit DovecotReport(const Clock& clock) : clock_(clock) {}

  // `socket`: its path. What it returns is for tests: whether there was a line.
  bool failed(const std::string& socket, const std::string& detail);
  bool answered(const std::string& socket);

 private:
  const Clock& clock_;
  std::atomic<bool> failing_{false};  // so that an answer costs no lock
  Mutex mutex_;
  std::map<std::string, SteadyTime> told_ GUARDED_BY(mutex_);  // details
};

}  // namespace signpost::auth
