// The relay as a process: what is opened in which order, reloaded, and closed again.
#pragma once

#include "admin/admin.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "daemon/certificate_watch.h"
#include "daemon/inherited_sockets.h"
#include "daemon/kept_files.h"
#include "daemon/opened_listeners.h"
#include "daemon/shared.h"
#include "daemon/spool_reader.h"
#include "daemon/tls_reports.h"
#include "daemon/worker.h"
#include "net/unix_socket.h"
#include "relay/descriptor_budget.h"
#include "relay/settings.h"
#include "relay/settings_in_force.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signpost::daemon {

log::Options log_options(const config::Config& config);

// For the main thread only, except reload().
class Daemon {
 public:
  Daemon(std::shared_ptr<const relay::Settings> settings, InheritedSockets inherited,
         const Clock& clock = real_clock());
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Opens every socket, so that an address in use is found before the queue is touched, then the
  // queue, and starts the threads, which accept what has come meanwhile. After an error nothing
  // runs; the detail suggests a remedy.
  Result<void> start();
  void tick();  // once a second
  // The queue cannot be written until it is opened again: only a restart helps.
  bool needs_restart() const;
  // For a watchdog, about once a second: since the last call every worker's loop has turned, and no
  // write of the queue hangs.
  bool works();

  // All or nothing: the mistakes, or nothing when the new configuration is in force. `by` is who
  // asked, for the log. Any thread.
  admin::ReloadOutcome reload(std::string_view by);

  // Stops accepting and lets transactions end for kDrainLimit. Clients still connected then get a
  // 421 and kFarewellLimit to read it, connections to receivers are cut, and the outcomes are
  // stored and logged meanwhile. The admin server ends last: it says that the relay drains, shows
  // the queue and refuses changes. Stops all threads, which takes as long as the slowest of them.
  static constexpr std::chrono::seconds kDrainLimit{30};
  static constexpr std::chrono::seconds kFarewellLimit{6};
  void stop();

 private:
  Result<void> share_descriptors() REQUIRES(reloading_);
  Result<void> open_queue() REQUIRES(reloading_);
  Result<void> start_workers(OpenedListeners opened) REQUIRES(reloading_);
  Result<void> start_admin(admin::AdminSockets sockets) REQUIRES(reloading_);
  void start_spool_reader() REQUIRES(reloading_);
  void start_tls_reports() REQUIRES(reloading_);
  void fetch_token_keys(const config::Config& config);
  void add_gauges();
  void apply_limits(const config::Config& config);
  void judge_settings() REQUIRES(reloading_);
  // `sockets`: of listeners that are new, one for each worker.
  void put_in_force(std::shared_ptr<const relay::Settings> settings,
                    std::vector<Worker::Sockets> sockets) REQUIRES(reloading_);
  void renew_certificate() REQUIRES(reloading_);
  std::string queue_directory() const;
  void check_disk() REQUIRES(reloading_);
  void look_after_disk();
  void report_name_service();
  void refresh_policies() REQUIRES(reloading_);
  void stop_accepting();
  bool drained(SteadyTime deadline);
  bool wait_until_drained(std::chrono::seconds limit);
  template <typename Does>
  void post_to_workers(const Does& does);

  const Clock& clock_;
  relay::DescriptorBudget descriptors_;
  Shared shared_{clock_};
  FileKeeper known_logins_{known_logins_memory(shared_.logins, clock_), clock_};
  FileKeeper quotas_{quota_memory(shared_.quotas, clock_), clock_};
  std::optional<FileKeeper> warm_up_;   // of shared_.delivery
  std::optional<FileKeeper> policies_;  // of shared_.policies
  FileKeeper tls_report_counts_{tls_reports_memory(shared_.tls_reports), clock_};
  metrics::Gauge build_info_;
  metrics::SharedCounter reloads_ok_;
  metrics::SharedCounter reloads_failed_;
  metrics::Gauge reloaded_;   // whether the last reload succeeded
  metrics::Gauge loaded_at_;  // when the configuration in force was read
  metrics::SharedCounter log_lines_dropped_;
  metrics::SharedCounter keys_fetched_;
  metrics::SharedCounter keys_not_fetched_;
  std::optional<metrics::Gauge> certificate_expiry_;  // while there is one
  Mutex reloading_;
  CertificateWatch certificate_watch_;
  InheritedSockets inherited_ GUARDED_BY(reloading_);
  std::shared_ptr<const relay::Settings> settings_ GUARDED_BY(reloading_);
  const std::shared_ptr<const config::Config> started_with_;  // for what a reload cannot change
  std::unique_ptr<SpoolReader> spool_reader_;
  std::unique_ptr<TlsReports> tls_reports_;
  UnixListeners unix_listeners_ GUARDED_BY(reloading_);
  std::vector<std::unique_ptr<Worker>> workers_;  // the first one feeds delivery
  admin::SharedAccessRules admin_rules_;
  relay::SettingsInForce in_force_;  // settings_, for the admin side
  std::unique_ptr<admin::Admin> admin_;
  std::vector<std::thread> threads_;
  std::shared_ptr<std::atomic<std::size_t>> answered_;  // workers, since works() last asked them
  std::future<void> disk_work_;
  bool disk_was_full_ = false;
  bool queue_was_empty_ = false;  // then, too
  std::atomic<bool> reclaiming_cancelled_{false};
  SteadyTime next_disk_work_{};
  SteadyTime next_policy_refresh_{};
};

}  // namespace signpost::daemon
