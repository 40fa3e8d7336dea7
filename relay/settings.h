// The configuration in force together with everything that it names: loaded whole, then constant
// and shared. A reload makes a new one; sessions keep the one they began with.
#pragma once

#include "base/result.h"
#include "dkim/key_table.h"
#include "net/tls.h"
#include "queue/retry_schedule.h"

#include "auth/users.h"
#include "config/config.h"
#include <memory>
#include <string>
#include <vector>

namespace signpost::relay {

struct Settings {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const auth::Users> users;          // null without [auth]
  std::shared_ptr<const net::TlsServerContext> tls;  // null without [tls]
  std::shared_ptr<const net::TlsClientContext> client_tls;
  dkim::KeyTable keys;
  queue::RetrySchedule retry;
};

struct LoadedSettings {
  std::shared_ptr<const Settings> settings;  // null if there are errors
  std::vector<std::string> errors;           // each names its file and what would be right
};

// Any thread; blocks on files.
LoadedSettings load_settings(const std::string& config_file);

}  // namespace signpost::relay
