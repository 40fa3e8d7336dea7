#include "relay/daemon.h"

#include "base/log.h"
#include "relay/queue_gauges.h"
#include "relay/version.h"
#include "relay/worker.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rocks/rocks_store.h"
#include <algorithm>
#include <fstream>
#include <future>
#include <utility>

namespace signpost::relay {

namespace {

constexpr std::chrono::seconds kDrainLimit{30};
constexpr std::chrono::seconds kReclaimInterval{30};
constexpr std::size_t kMinBuffer = 4 << 20;
constexpr std::size_t kOtherDescriptors = 1000;
constexpr rlim_t kMostDescriptors = 1'000'000;

constexpr metrics::Description kBuildInfo = {"signpost_build_info",
                                             "Always 1; the labels say which build this is."};
constexpr metrics::Description kReloads = {
    "signpost_config_reloads_total",
    "Reloads of the configuration by result (ok, failed). After a failed one the old configuration "
    "is still in force: signpost check tells why."};

void close_all(const std::vector<std::map<std::string, int>>& sockets) {
  for (const auto& of_worker : sockets) {
    for (const auto& [name, fd] : of_worker) ::close(fd);
  }
}

// What cannot change while the relay runs.
std::vector<std::string> keys_for_restart(const config::Config& before,
                                          const config::Config& after) {
  std::vector<std::string> keys;
  if (before.data_dir != after.data_dir) keys.emplace_back("data_dir");
  if (before.user != after.user) keys.emplace_back("user");
  if (before.workers != after.workers) keys.emplace_back("workers");
  if (before.dns_servers != after.dns_servers) keys.emplace_back("dns.servers");
  if (before.admin_bind != after.admin_bind) keys.emplace_back("admin.bind");
  if (before.admin_token_file != after.admin_token_file) keys.emplace_back("admin.token_file");
  return keys;
}

Result<std::string> read_token(const std::string& file) {
  if (file.empty()) return "";
  std::ifstream in(file);
  std::string token;
  if (!std::getline(in, token) || token.empty()) {
    return fail(Errc::InvalidArgument,
                fmt::format("admin.token_file {}: cannot be read or is empty", file));
  }
  return token;
}

// How many connections to receivers the descriptors are enough for, beside the clients' sessions
// and what the store, the log and the listeners have open.
std::size_t delivery_limit(std::size_t sessions) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  const auto all = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMostDescriptors));
  const std::size_t others = sessions + kOtherDescriptors;
  return std::max(all > others ? all - others : 0, all / 4);
}

}  // namespace

Daemon::Daemon(std::shared_ptr<const Settings> settings)
    : build_info_(relay_.registry, kBuildInfo,
                  {{"version", std::string(version())}, {"commit", std::string(commit())}}),
      reloads_ok_(relay_.registry, kReloads, {{"result", "ok"}}),
      reloads_failed_(relay_.registry, kReloads, {{"result", "failed"}}),
      settings_(std::move(settings)) {
  build_info_.set(1);
}

Daemon::~Daemon() { stop(); }

Result<void> Daemon::start() {
  apply_limits(*settings_->config);
  if (auto opened = open_queue(); !opened) return opened;
  if (auto started = start_workers(); !started) return started;
  return start_admin();
}

Result<void> Daemon::open_queue() {
  const std::string directory = settings_->config->data_dir + "/queue";
  // limits.memory is for content; what the store takes beside it is in proportion.
  const std::size_t memory = settings_->config->limits.memory;
  rocks::RocksOptions options;
  options.write_buffer_size = std::clamp(memory / 16, kMinBuffer, options.write_buffer_size);
  options.block_cache_size = std::clamp(memory / 16, kMinBuffer, options.block_cache_size);
  auto store = rocks::open_rocks_store(directory, options);
  if (!store) return Failure(std::move(store).error());
  relay_.store = std::move(*store);
  queue::CommitterOptions committing;
  committing.max_group_bytes = std::clamp(memory / 16, kMinBuffer, committing.max_group_bytes);
  relay_.committer = std::make_unique<queue::Committer>(*relay_.store, relay_.registry, committing);
  // Ready jobs of this run are claimed before they are stored, so all that are found may be
  // offered: no clock has to tell them from the last run's.
  relay_.scheduler = std::make_unique<queue::Scheduler>(*relay_.store, SystemTime::max());
  add_queue_gauges(relay_);
  const queue::Totals totals = relay_.store->totals();
  log::info("queue_opened", {{"directory", directory},
                             {"engine", relay_.store->engine_text()},
                             {"ready", totals.ready},
                             {"deferred", totals.deferred},
                             {"held", totals.held}});
  return {};
}

// Each worker listens with sockets of its own: the kernel spreads the connections (SO_REUSEPORT).
Result<std::vector<Daemon::Sockets>> Daemon::open_sockets(
    const std::vector<config::ListenerConfig>& listeners) const {
  std::vector<Sockets> sockets(relay_.workers.size());
  for (const config::ListenerConfig& listener : listeners) {
    for (Sockets& of_worker : sockets) {
      auto fd = net::open_listening_socket(listener.bind);
      if (!fd) {
        close_all(sockets);
        return Failure(std::move(fd).error());
      }
      of_worker[listener.name] = *fd;
    }
  }
  return sockets;
}

Result<void> Daemon::start_workers() {
  const config::Config& config = *settings_->config;
  const unsigned count =
      config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
  relay_.destinations.set_workers(count);
  for (unsigned i = 0; i < count; ++i) {
    relay_.workers.push_back(std::make_unique<Worker>(relay_, i, settings_));
    relay_.workers.back()->set_delivery_limit(
        std::max<std::size_t>(1, delivery_limit(config.limits.sessions) / count));
    if (auto opened = relay_.workers.back()->open_resolver(); !opened) return opened;
  }
  auto sockets = open_sockets(config.listeners);
  if (!sockets) return Failure(std::move(sockets).error());
  for (std::size_t i = 0; i < count; ++i) {
    relay_.workers[i]->configure(settings_, std::move((*sockets)[i]));
  }
  feeder_ = std::make_unique<Feeder>(*relay_.workers.front());
  for (const auto& worker : relay_.workers) {
    threads_.emplace_back([&worker = *worker] { worker.run(); });
  }
  on_feeding_worker(&Feeder::start);
  for (const config::ListenerConfig& listener : config.listeners) {
    log::info("listening", {{"bind", listener.name}});
  }
  return {};
}

Result<void> Daemon::start_admin() {
  const config::Config& config = *settings_->config;
  if (!config.admin_bind) return {};
  auto token = read_token(config.admin_token_file);
  if (!token) return Failure(std::move(token).error());
  auto admin =
      Admin::start(relay_, {*config.admin_bind, std::move(*token), [this] { return reload(); }});
  if (!admin) return Failure(std::move(admin).error());
  admin_ = std::move(*admin);
  log::info("admin_listening", {{"bind", config.admin_bind->text()}});
  return {};
}

void Daemon::apply_limits(const config::Config& config) {
  relay_.admission.set_limits(
      {config.limits.sessions, config.limits.sessions_per_client, config.limits.memory});
}

void Daemon::tick() {
  const std::lock_guard lock(reloading_);
  const config::LimitsConfig& limits = settings_->config->limits;
  relay_.admission.check_disk(settings_->config->data_dir, limits.disk_free_share,
                              limits.disk_free_bytes, relay_.store->pending_bytes());
  reclaim_space();
  relay_.destinations.forget_unused(std::chrono::steady_clock::now());
}

// What takes the last room may be mail that is gone: the queue lets go of it when it has enough of
// that, or when it is told to.
void Daemon::reclaim_space() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!relay_.admission.disk_is_full() || now < next_reclaiming_) return;
  if (reclaiming_.valid() &&
      reclaiming_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;
  }
  next_reclaiming_ = now + kReclaimInterval;
  reclaiming_ = std::async(std::launch::async, [this] {
    if (auto done = relay_.store->reclaim_space(reclaiming_cancelled_); !done) {
      log::warning("queue_reclaiming_failed", {{"error", done.error().detail}});
    }
  });
}

bool Daemon::needs_restart() const { return relay_.store->needs_restart(); }

std::vector<std::string> Daemon::reload() {
  const std::lock_guard lock(reloading_);
  const auto refuse = [this](std::vector<std::string> errors) {
    reloads_failed_.add();
    for (const std::string& error : errors) {
      log::error("config_reload_failed", {{"detail", error}, {"in_force", "the old one"}});
    }
    return errors;
  };
  LoadedSettings loaded = load_settings(settings_->config->file);
  if (!loaded.settings) return refuse(std::move(loaded.errors));

  const config::Config& before = *settings_->config;
  const config::Config& after = *loaded.settings->config;
  std::vector<config::ListenerConfig> added;
  for (const config::ListenerConfig& listener : after.listeners) {
    if (std::ranges::find(before.listeners, listener.name, &config::ListenerConfig::name) ==
        before.listeners.end()) {
      added.push_back(listener);
    }
  }
  auto sockets = open_sockets(added);
  if (!sockets) return refuse({sockets.error().detail});
  for (const std::string& key : keys_for_restart(before, after)) {
    log::warning("config_needs_restart", {{"key", key}});
  }
  for (std::size_t i = 0; i < relay_.workers.size(); ++i) {
    Worker& worker = *relay_.workers[i];
    worker.post([&worker, settings = loaded.settings, fds = std::move((*sockets)[i])]() mutable {
      worker.configure(std::move(settings), std::move(fds));
    });
  }
  apply_limits(after);
  log::start({after.log_level, after.log_format});
  settings_ = std::move(loaded.settings);
  reloads_ok_.add();
  log::info("config_reloaded", {{"file", after.file}});
  return {};
}

void Daemon::on_feeding_worker(void (Feeder::*action)()) {
  relay_.workers.front()->post([feeder = feeder_.get(), action] { (feeder->*action)(); });
}

bool Daemon::drained() {
  for (const auto& worker : relay_.workers) {
    std::promise<bool> answer;
    auto future = answer.get_future();
    worker->post([&worker = *worker, &answer] { answer.set_value(worker.drained()); });
    if (!future.get()) return false;
  }
  return true;
}

void Daemon::stop() {
  admin_.reset();
  if (!threads_.empty()) {
    relay_.draining.store(true);
    on_feeding_worker(&Feeder::stop);
    for (const auto& worker : relay_.workers) {
      worker->post([&worker = *worker] { worker.drain(); });
    }
    const auto deadline = std::chrono::steady_clock::now() + kDrainLimit;
    while (!drained() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::promise<void> gone;
    relay_.workers.front()->post([this, &gone] {
      feeder_.reset();
      gone.set_value();
    });
    gone.get_future().wait();
    for (const auto& worker : relay_.workers) worker->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    log::info("stopped", {{"sessions_cut", relay_.admission.sessions()}});
  }
  feeder_.reset();
  reclaiming_cancelled_.store(true);
  if (reclaiming_.valid()) reclaiming_.wait();
  // The committer writes what is waiting; its answers go to loops that no longer run.
  relay_.committer.reset();
  relay_.workers.clear();
}

}  // namespace signpost::relay
