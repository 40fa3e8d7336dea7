#include "daemon/daemon.h"

#include "admin/queue_gauges.h"
#include "admin/relay_gauges.h"
#include "auth/salt_secret.h"
#include "base/log.h"
#include "daemon/issuer_keys.h"
#include "daemon/service_manager.h"
#include "daemon/version.h"
#include "daemon/worker.h"
#include "dns/events.h"
#include "metrics/process_metrics.h"
#include "mta_sts/policy_fetch.h"
#include "relay/data_folder.h"
#include "relay/doubts.h"
#include "relay/events.h"
#include "relay/metric_descriptions.h"
#include "rocks/disk_room.h"
#include "rocks/rocks_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <iterator>
#include <system_error>
#include <utility>

namespace signpost::daemon {

namespace {

constexpr std::chrono::seconds kDiskInterval{30};
constexpr std::chrono::minutes kPolicyInterval{1};
constexpr unsigned kMostCheckers = 4;  // of passwords: each takes 64 MiB while it hashes
constexpr std::size_t kMinBuffer = 4 << 20;
constexpr std::size_t kDnsEntries = 20'000;      // of all workers' caches together
constexpr std::size_t kLeastDnsEntries = 2'000;  // of one of them

Result<void> make_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool created = fs::create_directories(path, error);
  // It holds other people's mail, and the socket that changes it.
  if (!error && created) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return fail(Errc::Io, fmt::format("data_dir {}: {}", path, error.message()));
  return {};
}

// Keys that cannot change while the relay runs, and are not as at its start, `before`.
// `sessions`: what there are descriptors for.
std::vector<std::string> keys_for_restart(const config::Config& before, const config::Config& after,
                                          std::size_t sessions) {
  std::vector<std::string> keys;
  const std::size_t more = std::max(before.limits.sessions, sessions);
  if (after.limits.sessions > more) keys.emplace_back("limits.sessions");
  if (before.data_dir != after.data_dir) keys.emplace_back("data_dir");
  if (before.user != after.user) keys.emplace_back("user");
  if (before.core_files != after.core_files) keys.emplace_back("core_files");
  if (before.workers != after.workers) keys.emplace_back("workers");
  if (before.dns_servers != after.dns_servers) keys.emplace_back("dns.servers");
  if (before.delivery.mta_sts_port != after.delivery.mta_sts_port) {
    keys.emplace_back("delivery.mta_sts_port");
  }
  if (before.trust_ad != after.trust_ad) keys.emplace_back("dns.trust_ad");
  if (before.admin_bind != after.admin_bind) keys.emplace_back("admin.bind");
  if (before.admin_socket != after.admin_socket) keys.emplace_back("admin.socket");
  return keys;
}

bool asks_for_policies(const config::Config& config) {
  return config.delivery.mta_sts ||
         std::ranges::any_of(config.destinations, [](const config::DestinationConfig& each) {
           return each.mta_sts.value_or(false);
         });
}

// Those of `config` that `other` does not have.
std::vector<config::ListenerConfig> listeners_without(const config::Config& config,
                                                      const config::Config& other) {
  std::vector<config::ListenerConfig> found;
  std::ranges::copy_if(
      config.listeners, std::back_inserter(found), [&](const config::ListenerConfig& listener) {
        return std::ranges::find(other.listeners, listener.name, &config::ListenerConfig::name) ==
               other.listeners.end();
      });
  return found;
}

// `running` has what a reload cannot change: where the admin side listens.
admin::AccessRules access_rules(const relay::Settings& settings, const config::Config& running) {
  const config::Config& config = *settings.config;
  const bool loopback = running.admin_bind && running.admin_bind->ip.is_loopback();
  const auto metrics = config.admin_metrics.value_or(loopback ? config::MetricsAccess::Open
                                                              : config::MetricsAccess::Token);
  return {settings.admin_token, metrics == config::MetricsAccess::Token, config.hostname,
          running.admin_socket};
}

std::size_t number_of_users(const relay::Settings& settings) {
  return settings.users ? settings.users->all().size() : 0;
}

std::int64_t seconds_since_epoch(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

void log_doubt(const std::string& doubt) {
  log::emit(relay::events::ConfigDoubtful{.detail = doubt});
}

}  // namespace

log::Options log_options(const config::Config& config) {
  return {
      .level = config.log_level, .format = config.log_format, .to_journal = stderr_is_journal()};
}

Daemon::Daemon(std::shared_ptr<const relay::Settings> settings, InheritedSockets inherited,
               const Clock& clock)
    : clock_(clock),
      build_info_(shared_.registry, relay::metric::kBuildInfo,
                  {{"version", std::string(version())}, {"commit", std::string(commit())}}),
      reloads_ok_(shared_.registry, relay::metric::kReloads, {{"result", "ok"}}),
      reloads_failed_(shared_.registry, relay::metric::kReloads, {{"result", "failed"}}),
      reloaded_(shared_.registry, relay::metric::kLastReloadSuccessful),
      loaded_at_(shared_.registry, relay::metric::kLoaded),
      log_lines_dropped_(shared_.registry, relay::metric::kLogLinesDropped),
      keys_fetched_(shared_.registry, relay::metric::kKeyFetches, {{"result", "ok"}}),
      keys_not_fetched_(shared_.registry, relay::metric::kKeyFetches, {{"result", "failed"}}),
      inherited_(std::move(inherited)),
      settings_(std::move(settings)),
      started_with_(settings_->config),
      in_force_(settings_) {
  build_info_.set(1);
  reloaded_.set(1);
  loaded_at_.set(seconds_since_epoch(clock_.system_now()));
  metrics::add_process_metrics(shared_.registry);
}

Daemon::~Daemon() { stop(); }

Result<void> Daemon::start() {
  const MutexLock lock(reloading_);
  if (auto shared = share_descriptors(); !shared) return shared;
  apply_limits(*settings_->config);
  judge_settings();
  const config::Config& config = *settings_->config;
  auto listeners = open_listeners(config.listeners, {}, inherited_, relay::worker_count(config));
  if (!listeners) return Failure(std::move(listeners).error());
  unix_listeners_ = std::move(listeners->files);
  if (auto made = make_folder(config.data_dir); !made) return made;  // for the admin socket
  auto admin_sockets = admin::AdminSockets::open(config.admin_bind, config.admin_socket);
  if (!admin_sockets) return Failure(std::move(admin_sockets).error());
  if (auto opened = open_queue(); !opened) return opened;
  check_disk();  // before the first client comes
  known_logins_.load(config.data_dir);
  quotas_.load(config.data_dir);
  tls_report_counts_.load(config.data_dir);
  shared_.salt_secret = auth::keep_salt_secret(config.data_dir + "/salt-secret");
  if (auto started = start_workers(std::move(*listeners)); !started) return started;
  start_spool_reader();
  start_tls_reports();
  return start_admin(std::move(*admin_sockets));
}

Result<void> Daemon::share_descriptors() {
  const config::Config& config = *settings_->config;
  descriptors_ = relay::share_descriptors(relay::allowed_descriptors(), config);
  if (descriptors_.sessions >= config.limits.sessions) return {};
  if (relay::are_too_few(descriptors_, config)) {
    return fail(Errc::Unavailable, relay::descriptor_shortage(descriptors_, config));
  }
  log::emit(relay::events::DescriptorsShort{.sessions = descriptors_.sessions,
                                            .wanted = config.limits.sessions,
                                            .deliveries = descriptors_.deliveries});
  return {};
}

std::string Daemon::queue_directory() const { return started_with_->data_dir + "/queue"; }

Result<void> Daemon::open_queue() {
  const std::string directory = queue_directory();
  // limits.memory is for content; the store takes memory of its own, in proportion.
  const std::size_t memory = settings_->config->limits.memory;
  rocks::Options options;
  options.write_buffer_size = std::clamp(memory / 16, kMinBuffer, options.write_buffer_size);
  options.block_cache_size = std::clamp(memory / 16, kMinBuffer, options.block_cache_size);
  options.open_files = descriptors_.store;
  auto store = rocks::open_store(directory, options);
  if (!store) return Failure(std::move(store).error());
  shared_.store = std::move(*store);
  queue::CommitterOptions committing;
  committing.max_group_bytes = std::clamp(memory / 16, kMinBuffer, committing.max_group_bytes);
  shared_.committer =
      std::make_unique<queue::Committer>(*shared_.store, shared_.registry, committing, clock_);
  const queue::Totals totals = shared_.store->totals();
  log::emit(relay::events::QueueOpened{.directory = directory,
                                       .engine = shared_.store->engine_text(),
                                       .ready = totals.ready,
                                       .deferred = totals.deferred,
                                       .held = totals.held});
  return {};
}

Result<void> Daemon::start_workers(OpenedListeners opened) {
  const config::Config& config = *settings_->config;
  const unsigned count = relay::worker_count(config);
  shared_.delivery = std::make_unique<delivery::SharedDelivery>(count);
  restore_site_pauses(config.data_dir, *shared_.delivery, clock_);
  warm_up_.emplace(warm_up_memory(shared_.delivery->scheduler), clock_);
  warm_up_->load(config.data_dir);
  shared_.policies = std::make_unique<mta_sts::Policies>(
      clock_, shared_.registry, mta_sts::over_https({.port = config.delivery.mta_sts_port}));
  policies_.emplace(policies_memory(*shared_.policies), clock_);
  policies_->load(config.data_dir);
  admin::add_queue_gauges(shared_.registry, *shared_.store, shared_.delivery->counts, clock_);
  shared_.password_checks = std::make_unique<auth::PasswordChecks>(clock_, shared_.logins);
  shared_.password_checks->start(std::min(kMostCheckers, std::thread::hardware_concurrency() / 2));
  shared_.fetched_keys = std::make_unique<auth::FetchedKeys>(
      clock_, fetch_keys,
      [this](bool fetched) { (fetched ? keys_fetched_ : keys_not_fetched_).add(); });
  fetch_token_keys(config);
  const Worker::Share share{
      .deliveries = std::max<std::size_t>(1, descriptors_.deliveries / count),
      .dns_entries = std::max<std::size_t>(kLeastDnsEntries, kDnsEntries / count),
      .ceiling = descriptors_.ceiling};
  for (unsigned i = 0; i < count; ++i) {
    auto worker = Worker::create(shared_, i, settings_, share);
    if (!worker) return Failure(std::move(worker).error());
    shared_.delivery->workers.push_back(&(*worker)->delivery());
    workers_.push_back(std::move(*worker));
  }
  for (std::size_t i = 0; i < count; ++i) {
    workers_[i]->configure(settings_, std::move(opened.sockets[i]));
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([&worker = *worker] { worker.run(); });
  }
  workers_.front()->post([&worker = *workers_.front()] { worker.delivery().start_feeding(); });
  opened.log();
  for (const std::string& unused : inherited_.unused()) {
    log_doubt(
        fmt::format("no [[listener]] has the address of the socket {} that the service "
                    "manager opened: clients that connect to it get no answer",
                    unused));
  }
  return {};
}

void Daemon::fetch_token_keys(const config::Config& config) {
  const bool fetched = config.oauth && config.oauth->is_fetched();
  shared_.fetched_keys->configure(fetched ? config.oauth->jwks : "");
}

// Each letter goes through a session like those of clients: one way in, one set of rules.
void Daemon::start_spool_reader() {
  spool_reader_ = std::make_unique<SpoolReader>(
      [this, next = std::size_t{0}](const std::string& listener, Descriptor socket,
                                    uid_t account) mutable {
        Worker& worker = *workers_[next++ % workers_.size()];
        worker.post(
            [&worker, listener, account, socket = std::make_shared<Descriptor>(std::move(socket))] {
              worker.accept_for(listener, socket->release(), account);
            });
      });
  spool_reader_->configure(settings_);
}

void Daemon::start_tls_reports() {
  tls_reports_ = std::make_unique<TlsReports>(*workers_.front(), shared_.tls_reports,
                                              shared_.registry, settings_, clock_);
}

Result<void> Daemon::start_admin(admin::AdminSockets sockets) {
  const config::Config& config = *settings_->config;
  if (!config.admin_bind && config.admin_socket.empty()) return {};
  admin_rules_.set(access_rules(*settings_, config));
  add_gauges();
  const admin::Services services{
      shared_.registry,    *shared_.store, *shared_.committer, shared_.admission,
      *shared_.delivery,   in_force_,      shared_.draining,   shared_.quotas,
      shared_.tls_reports, clock_};
  admin::add_relay_gauges(services);
  auto admin = admin::Admin::start(services, {std::move(sockets), descriptors_.admin, admin_rules_,
                                              [this](std::string_view by) { return reload(by); }});
  if (!admin) return Failure(std::move(admin).error());
  admin_ = std::move(*admin);
  if (config.admin_bind) {
    log::emit(relay::events::AdminListening{.bind = config.admin_bind->text()});
  }
  if (!config.admin_socket.empty()) {
    log::emit(relay::events::AdminListening{.bind = config.admin_socket});
  }
  return {};
}

void Daemon::apply_limits(const config::Config& config) {
  shared_.tls_reports.set_wanted(!config.tlsrpt.from.empty());
  shared_.admission.set_limits({std::min(config.limits.sessions, descriptors_.sessions),
                                config.limits.sessions_per_client, config.limits.memory});
}

void Daemon::report_name_service() {
  const auto change = shared_.delivery->name_service.take_change(clock_.steady_now());
  if (!change) return;
  const queue::Totals totals = shared_.store->totals();
  const std::uint64_t jobs = totals.ready + totals.deferred;
  if (change->down) {
    log::emit(dns::events::NameServiceDown{.reply = change->why, .jobs = jobs});
  } else {
    log::emit(dns::events::NameServiceUp{
        .seconds = change->lasted.count(), .questions = change->questions, .jobs = jobs});
  }
}

// Before they run out, and although no mail asks for them.
void Daemon::refresh_policies() {
  const SteadyTime now = clock_.steady_now();
  if (now < next_policy_refresh_ || !asks_for_policies(*settings_->config)) return;
  next_policy_refresh_ = now + kPolicyInterval;
  workers_.front()->post([&worker = *workers_.front()] { worker.mta_sts().refresh_some(); });
}

void Daemon::tick() {
  const MutexLock lock(reloading_);
  check_disk();
  look_after_disk();
  report_name_service();
  known_logins_.tick();
  quotas_.tick();
  tls_report_counts_.tick();
  if (warm_up_) warm_up_->tick();
  if (policies_) policies_->tick();
  refresh_policies();
  renew_certificate();
  log_lines_dropped_.add(log::dropped() - log_lines_dropped_.value());
}

void Daemon::check_disk() {
  const config::Config& config = *settings_->config;
  shared_.admission.check_disk(config.data_dir, config.limits.disk_free_share,
                               config.limits.disk_free_bytes,
                               shared_.store->health().pending_bytes);
}

// Removed mail may occupy the last space: the queue frees it once there is enough of it, or on
// request, while the disk is full and once after that. Meanwhile there is room for the reserve. A
// queue that has become empty need not wait: all of its space can be had at once.
void Daemon::look_after_disk() {
  const SteadyTime now = clock_.steady_now();
  const bool full = shared_.admission.disk_is_full();
  const queue::Totals totals = shared_.store->totals();
  const bool empty = totals.ready + totals.deferred + totals.held == 0;
  const bool has_emptied = full && empty && !queue_was_empty_;
  if (full == disk_was_full_ && now < next_disk_work_ && !has_emptied) return;
  if (disk_work_.valid() &&
      disk_work_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;
  }
  next_disk_work_ = now + kDiskInterval;
  queue_was_empty_ = empty;
  const bool reclaim = std::exchange(disk_was_full_, full) || full;
  disk_work_ = std::async(std::launch::async, [this, reclaim, full] {
    if (!full) rocks::keep_reserve(queue_directory());
    if (!reclaim) return;
    if (auto done = shared_.store->reclaim_space(reclaiming_cancelled_); !done) {
      log::emit(relay::events::QueueReclaimingFailed{.detail = done.error().detail});
    }
  });
}

bool Daemon::needs_restart() const { return shared_.store->health().needs_restart; }

admin::ReloadOutcome Daemon::reload(std::string_view by) {
  const MutexLock lock(reloading_);
  if (shared_.draining.load()) return {.errors = {"the relay is stopping"}};
  const auto refuse = [this, by](std::vector<std::string> errors) {
    reloads_failed_.add();
    reloaded_.set(0);
    for (const std::string& error : errors) {
      log::emit(relay::events::ConfigReloadFailed{.detail = error, .by = by});
    }
    return admin::ReloadOutcome{.errors = std::move(errors)};
  };
  const SystemTime began = clock_.system_now();
  relay::LoadedSettings loaded = relay::load_settings(settings_->config->file);
  if (!loaded.settings) return refuse(loaded.error_texts());

  const std::shared_ptr<const relay::Settings> old = settings_;
  const config::Config& after = *loaded.settings->config;
  const auto added = listeners_without(after, *old->config);
  const auto closing = listeners_without(*old->config, after);
  auto opened = open_listeners(added, closing, inherited_, workers_.size());
  if (!opened) return refuse({opened.error().detail});
  admin::ReloadOutcome outcome;
  for (const std::string& key : keys_for_restart(*started_with_, after, descriptors_.sessions)) {
    log::emit(relay::events::ConfigNeedsRestart{.key = key});
    outcome.warnings.push_back(key + ": its change takes effect at a restart only");
  }
  put_in_force(std::move(loaded.settings), std::move(opened->sockets));
  fetch_token_keys(after);
  unix_listeners_.merge(opened->files);
  spool_reader_->configure(settings_);
  tls_reports_->configure(settings_);
  for (const config::ListenerConfig& listener : closing) unix_listeners_.erase(listener.name);
  reloads_ok_.add();
  reloaded_.set(1);
  loaded_at_.set(seconds_since_epoch(began));
  opened->log();
  for (const config::ListenerConfig& listener : closing) {
    log::emit(relay::events::ListenerClosed{.bind = listener.name});
  }
  log::emit(relay::events::ConfigReloaded{.file = after.file,
                                          .users_before = number_of_users(*old),
                                          .users = number_of_users(*settings_),
                                          .by = by});
  for (std::string& doubt : relay::doubts_about_change(*old, *settings_)) {
    log_doubt(doubt);
    outcome.warnings.push_back(std::move(doubt));
  }
  judge_settings();
  return outcome;
}

void Daemon::put_in_force(std::shared_ptr<const relay::Settings> settings,
                          std::vector<Worker::Sockets> sockets) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = *workers_[i];
    worker.post([&worker, settings, fds = std::move(sockets[i])]() mutable {
      worker.configure(std::move(settings), std::move(fds));
    });
  }
  workers_.front()->post([&worker = *workers_.front()] { worker.delivery().settings_changed(); });
  admin_rules_.set(access_rules(*settings, *started_with_));
  apply_limits(*settings->config);
  log::start(log_options(*settings->config));
  in_force_.set(settings);
  settings_ = std::move(settings);
}

// The program that renews it need not know of us. Nothing else of the configuration is read: it may
// be in the middle of an edit.
void Daemon::renew_certificate() {
  if (!settings_->config->tls) return;
  if (!certificate_watch_.changed(*settings_, clock_.steady_now())) return;
  relay::LoadedSettings renewed = relay::with_certificate_read_again(*settings_);
  if (!renewed.settings) {
    for (const std::string& error : renewed.error_texts()) {
      log::emit(relay::events::CertificateNotReloaded{.detail = error});
    }
    return;
  }
  put_in_force(std::move(renewed.settings), std::vector<Worker::Sockets>(workers_.size()));
  log::emit(relay::events::CertificateReloaded{.file = settings_->config->tls->certificate,
                                               .expires = settings_->certificate->not_after()});
  judge_settings();
}

// Reports doubts, and when the certificate expires.
void Daemon::judge_settings() {
  for (const config::ConfigError& doubt : relay::doubts(*settings_, clock_.system_now())) {
    log_doubt(doubt.text());
  }
  // An error for check. A volume that is open to all by its nature must not keep mail from flowing.
  if (const auto intrusion = relay::folder_intrusion(settings_->config->data_dir);
      !intrusion.empty()) {
    log_doubt(config::error_at(*settings_->config, "data_dir", intrusion).text());
  }
  certificate_expiry_.reset();
  if (!settings_->certificate) return;
  const auto end = settings_->certificate->not_after().time_since_epoch();
  certificate_expiry_.emplace(
      shared_.registry, relay::metric::kCertificateExpiry,
      metrics::Labels{{"certificate", settings_->config->tls->certificate}});
  certificate_expiry_->set(std::chrono::duration_cast<std::chrono::seconds>(end).count());
}

template <typename Does>
void Daemon::post_to_workers(const Does& does) {
  for (const auto& worker : workers_) {
    worker->post([&worker = *worker, does] { does(worker); });
  }
}

bool Daemon::works() {
  if (shared_.committer->hangs()) return false;
  if (answered_ && answered_->load() < workers_.size()) return false;
  answered_ = std::make_shared<std::atomic<std::size_t>>(0);
  post_to_workers([answered = answered_](Worker&) { answered->fetch_add(1); });
  return true;
}

// A worker that does not answer in time is not drained.
bool Daemon::drained(SteadyTime deadline) {
  for (const auto& worker : workers_) {
    auto answer = std::make_shared<std::promise<bool>>();
    auto future = answer->get_future();
    worker->post([&worker = *worker, answer] { answer->set_value(worker.drained()); });
    if (future.wait_until(deadline) != std::future_status::ready || !future.get()) return false;
  }
  return true;
}

bool Daemon::wait_until_drained(std::chrono::seconds limit) {
  const SteadyTime deadline = clock_.steady_now() + limit;
  // Twice, since a report may have been on its way from one worker to another.
  while (!(drained(deadline) && drained(deadline))) {
    if (clock_.steady_now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

// After a reload under way, whose listeners are closed like all others; reload() refuses later
// ones.
void Daemon::stop_accepting() {
  const MutexLock lock(reloading_);
  // First: nothing may be opened while it drains.
  if (!threads_.empty()) shared_.delivery->scheduler.stop();
  shared_.draining.store(true);
  if (spool_reader_) spool_reader_->stop();
  if (tls_reports_) tls_reports_->stop();
  unix_listeners_.clear();  // whoever comes now is refused, rather than left waiting
}

void Daemon::stop() {
  stop_accepting();
  if (!threads_.empty()) {
    tls_reports_.reset();  // which needs the workers' loops
    post_to_workers([](Worker& worker) { worker.drain(); });
    const bool in_time = wait_until_drained(kDrainLimit);
    const std::size_t sessions_cut = shared_.admission.sessions();
    if (!in_time) {
      post_to_workers([](Worker& worker) { worker.send_away(); });
      (void)wait_until_drained(kFarewellLimit);
    }
    // Says until now that the relay drains. Its work under way needs the workers' loops.
    admin_.reset();
    for (const auto& worker : workers_) worker->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    spool_reader_.reset();
    log::emit(relay::events::Stopped{.sessions_cut = sessions_cut});
  }
  // Its answers go to the loops, which still exist but no longer run.
  if (shared_.password_checks) shared_.password_checks->stop();
  if (shared_.fetched_keys) shared_.fetched_keys->stop();
  if (shared_.policies) shared_.policies->stop();
  known_logins_.end();
  quotas_.end();
  tls_report_counts_.end();
  if (warm_up_) warm_up_->end();
  if (policies_) policies_->end();
  reclaiming_cancelled_.store(true);
  if (disk_work_.valid()) disk_work_.wait();
  // The committer writes what is waiting; the loops that its answers go to no longer run.
  shared_.committer.reset();
  workers_.clear();
}

}  // namespace signpost::daemon
