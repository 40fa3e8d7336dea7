// The relay as a process: what is opened in which order, reloaded, and closed again.
#pragma once

#include "admin/admin.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "daemon/known_logins_keeper.h"
#include "daemon/shared.h"
#include "daemon/worker.h"
#include "relay/descriptor_budget.h"
#include "relay/settings.h"

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signpost::daemon {

// For the main thread only, except reload().
class Daemon {
 public:
  explicit Daemon(std::shared_ptr<const relay::Settings> settings,
                  const Clock& clock = real_clock());
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Opens the queue and every socket, then starts the threads. After an error nothing serves; the
  // detail says what would help.
  Result<void> start();
  void tick();  // once a second
  // The queue cannot be written until it is opened again: only a restart helps.
  bool needs_restart() const;

  // All or nothing: the mistakes, or nothing when the new configuration is in force. `by` is who
  // asked, for the log. Any thread.
  std::vector<std::string> reload(std::string_view by);

  // Stops accepting, lets transactions end for a bounded time, then stops all threads.
  void stop();

 private:
  using Sockets = std::map<std::string, int>;  // by `bind` as written

  Result<void> share_descriptors();
  Result<void> open_queue();
  Result<void> start_workers();
  Result<void> start_admin();
  Result<std::vector<Sockets>> open_sockets(
      const std::vector<config::ListenerConfig>& listeners) const;
  void apply_limits(const config::Config& config);
  void reclaim_space();
  void judge_settings();
  bool drained();

  const Clock& clock_;
  relay::DescriptorBudget descriptors_;
  Shared shared_;
  KnownLoginsKeeper known_logins_{shared_.logins, clock_};
  metrics::Gauge build_info_;
  metrics::SharedCounter reloads_ok_;
  metrics::SharedCounter reloads_failed_;
  metrics::SharedCounter log_lines_dropped_;
  std::optional<metrics::Gauge> certificate_expiry_;  // while there is one
  Mutex reloading_;
  std::shared_ptr<const relay::Settings> settings_;           // guarded by reloading_ once started
  const std::shared_ptr<const config::Config> started_with_;  // for what a reload cannot change
  std::vector<std::unique_ptr<Worker>> workers_;              // the first one feeds delivery
  admin::SharedAccessRules admin_rules_;
  std::unique_ptr<admin::Admin> admin_;
  std::vector<std::thread> threads_;
  std::future<void> reclaiming_;  // while the disk is full
  std::atomic<bool> reclaiming_cancelled_{false};
  SteadyTime next_reclaiming_{};
};

}  // namespace signpost::daemon
