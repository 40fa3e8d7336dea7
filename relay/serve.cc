#include "relay/serve.h"

#include "base/log.h"
#include "relay/daemon.h"
#include "relay/privileges.h"
#include "relay/service_manager.h"
#include "relay/settings.h"
#include "relay/version.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/config.h"
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace signpost::relay {

namespace {

int refuse(const std::vector<std::string>& errors) {
  for (const std::string& error : errors) std::fprintf(stderr, "signpost: %s\n", error.c_str());
  return 1;
}

// Blocked in all threads, taken by the main one.
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

// Messages come and go by the thousand: a heap that is cut and grown again with each of them spends
// its time in the kernel. What the threads' heaps keep when they are empty is bounded by this.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

// The exit code: 0 when it was told to stop.
int run_until_stopped(Daemon& daemon, const sigset_t& signals) {
  const timespec second{1, 0};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGTERM || signal == SIGINT) {
      log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return 0;
    }
    if (signal == SIGHUP) (void)daemon.reload();  // it logs and counts what came of it
    daemon.tick();
    if (daemon.needs_restart()) {
      // After a failed write nobody knows what the disk holds of it. The next start reads it: all
      // that was acknowledged is there, or the start says what is wrong.
      log::error("stopping", {{"detail", "the queue can be written again only after a restart"}});
      return 1;
    }
  }
}

// What the configuration file says of it; its mistakes are told when all of it is loaded.
Result<std::string> drop_privileges_of(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config(config_file);
  if (!loaded.config) return "";
  return drop_privileges(loaded.config->user, loaded.config->data_dir);
}

}  // namespace

int serve(const std::string& config_file) {
  const auto user = drop_privileges_of(config_file);
  if (!user) return refuse({user.error().detail});
  LoadedSettings loaded = load_settings(config_file);
  if (!loaded.settings) return refuse(loaded.errors);
  const config::Config& config = *loaded.settings->config;
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  keep_freed_memory();
  log::start({config.log_level, config.log_format});
  log::info("starting", {{"version", version()},
                         {"commit", commit()},
                         {"hostname", config.hostname},
                         {"config", config.file},
                         {"user", *user}});
  if (geteuid() == 0) {
    log::warning("running_as_root", {{"detail", "name an account with the key user"}});
  }
  int result = 0;
  {
    Daemon daemon(loaded.settings);
    if (auto started = daemon.start(); !started) {
      result = refuse({started.error().detail});
    } else {
      log::info("started", {});
      notify_service_manager("READY=1");
      result = run_until_stopped(daemon, signals);
      notify_service_manager("STOPPING=1");
      daemon.stop();
    }
  }
  log::stop();
  return result;
}

}  // namespace signpost::relay
