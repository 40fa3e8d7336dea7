// Keeps the logins that are known at their clients (auth/known_logins.h) in the data folder.
#pragma once

#include "auth/login_guard.h"
#include "base/clock.h"

#include <future>
#include <string>

namespace signpost::daemon {

// For the main thread. A file that cannot be used is logged and never stops the relay.
class KnownLoginsKeeper {
 public:
  KnownLoginsKeeper(auth::LoginGuard& logins, const Clock& clock)
      : logins_(logins), clock_(clock) {}
  ~KnownLoginsKeeper() { wait(); }
  KnownLoginsKeeper(const KnownLoginsKeeper&) = delete;
  KnownLoginsKeeper& operator=(const KnownLoginsKeeper&) = delete;

  void load(const std::string& data_dir);
  void tick();  // saves what has changed once a minute, on a thread of its own
  void end();   // saves the rest

 private:
  void save();
  void wait();

  auth::LoginGuard& logins_;
  const Clock& clock_;
  std::string file_;  // "" before load()
  std::future<void> saving_;
  SteadyTime next_save_{};
};

}  // namespace signpost::daemon
