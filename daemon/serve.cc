#include "daemon/serve.h"

#include "base/log.h"
#include "config/broken_file.h"
#include "config/config.h"
#include "config/config_file.h"
#include "daemon/daemon.h"
#include "daemon/inherited_sockets.h"
#include "daemon/last_resort.h"
#include "daemon/privileges.h"
#include "daemon/service_manager.h"
#include "daemon/version.h"
#include "relay/events.h"
#include "relay/settings.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace signpost::daemon {

namespace {

// Something about the machine, which may pass: a folder or a port, the queue, memory.
constexpr int kFailed = 1;
// EX_CONFIG of sysexits.h: the configuration, or a file that it names, has to be changed first.
constexpr int kWrongConfiguration = 78;

// Programs that read the log get an event, people a sentence.
void explain(const std::vector<std::string>& errors, const log::Options& options) {
  const bool events = options.format == log::Format::Json || options.to_journal;
  if (events) log::start(options);
  for (const std::string& error : errors) {
    if (events) {
      log::emit(relay::events::StartFailed{.detail = error});
    } else {
      std::fprintf(stderr, "signpost: %s\n", error.c_str());
    }
  }
  log::stop();
}

// How to log, as far as a configuration with mistakes says so.
log::Options log_options_in(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  if (loaded.config) return log_options(*loaded.config);
  config::Config config;
  config.log_format = config::log_format_of_broken(config_file);
  return log_options(config);
}

// Under the 60 s of TimeoutStopSec= in the unit, and long enough for the drain and what follows it.
constexpr std::chrono::seconds kEndLimit =
    Daemon::kDrainLimit + Daemon::kFarewellLimit + std::chrono::seconds(14);

// Blocked in all threads, handled by the main one: first of all, since a signal that comes while
// the relay starts waits until it can be served.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a file too large is a write error like a full disk
  return signals;
}

// Ten thousand sessions need as many descriptors: the soft limit of 1024 is for select(2).
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Messages come and go by the thousand: a heap that shrinks and grows with each of them spends its
// time in the kernel. This bounds what the threads' heaps keep when they are empty.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

void log_allowed_networks(const config::Config& config) {
  std::string networks;
  for (const net::Network& network : config.delivery.allow_networks) {
    networks += (networks.empty() ? "" : ", ") + network.text();
  }
  if (!networks.empty()) log::emit(relay::events::NetworksAllowed{.networks = networks});
}

// Returns the exit code: 0 after SIGTERM or SIGINT.
int run_until_stopped(Daemon& daemon, const sigset_t& signals) {
  const timespec second{1, 0};
  const bool watched = watched_by_service_manager();
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGTERM || signal == SIGINT) {
      log::emit(relay::events::Stopping{.signal = signal == SIGTERM ? "SIGTERM" : "SIGINT"});
      return 0;
    }
    if (signal == SIGHUP) (void)daemon.reload("SIGHUP");  // which logs and counts the outcome
    daemon.tick();
    if (watched && daemon.works()) notify_service_manager("WATCHDOG=1");
    if (daemon.needs_restart()) {
      // After a failed write it is uncertain what the disk holds. The next start reads it:
      // everything that was acknowledged is there, or the start says what is wrong.
      log::emit(relay::events::RestartNeeded{
          .detail = "the queue can be written again only after a restart"});
      return 1;
    }
  }
}

}  // namespace

int serve(const std::string& config_file) {
  const sigset_t signals = block_signals();
  end_with_words();
  auto inherited = InheritedSockets::take();
  const relay::LoadedSettings loaded = load_settings_as_account(config_file, DataDir::Create);
  if (!loaded.settings) {
    explain(loaded.error_texts(), log_options_in(config_file));
    return kWrongConfiguration;
  }
  if (!loaded.not_ready.empty()) {
    explain({loaded.not_ready}, log_options(*loaded.settings->config));
    return kFailed;
  }
  const config::Config& config = *loaded.settings->config;
  if (!inherited) {
    explain({inherited.error().detail}, log_options(config));
    return kFailed;
  }
  let_look_into_us(config.core_files);
  raise_descriptor_limit();
  keep_freed_memory();
  log::start(log_options(config));
  log::emit(relay::events::Starting{.version = version(),
                                    .commit = commit(),
                                    .hostname = config.hostname,
                                    .config = config.file,
                                    .user = loaded.account});
  log_allowed_networks(config);
  if (geteuid() == 0) {
    log::emit(relay::events::RunningAsRoot{.detail = "set the key user to an account"});
  }
  int result = 0;
  {
    Daemon daemon(loaded.settings, std::move(*inherited));
    if (auto started = daemon.start(); !started) {
      result = kFailed;
      explain({started.error().detail}, log_options(config));
    } else {
      log::emit(relay::events::Started{});
      notify_service_manager("READY=1");
      result = run_until_stopped(daemon, signals);
      notify_service_manager("STOPPING=1");
      end_at_latest_after(kEndLimit);
      daemon.stop();
    }
  }
  log::stop();
  return result;
}

}  // namespace signpost::daemon
