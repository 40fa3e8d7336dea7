// Metrics that only the daemon can compute at a scrape; the others belong to their modules.
#include "daemon/daemon.h"
#include "relay/metric_descriptions.h"
#include "relay/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <string>

namespace signpost::daemon {

namespace {

// Of the last change; 0 when that is unknown.
double file_time(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return 0;
  return static_cast<double>(facts.st_mtim.tv_sec);
}

}  // namespace

void Daemon::add_gauges() {
  metrics::Registry& registry = shared_.registry;
  const auto locks = [this](std::size_t auth::LoginGuard::Locks::* kind) {
    return [this, kind] {
      return static_cast<double>(shared_.logins.locks(clock_.steady_now()).*kind);
    };
  };
  registry.add_gauge(relay::metric::kAuthLocks, {{"kind", "client"}},
                     locks(&auth::LoginGuard::Locks::clients));
  registry.add_gauge(relay::metric::kAuthLocks, {{"kind", "login"}},
                     locks(&auth::LoginGuard::Locks::logins));
  registry.add_gauge(relay::metric::kChecksWaiting, {},
                     [this] { return static_cast<double>(shared_.password_checks->waiting()); });
  registry.add_gauge(relay::metric::kConnectionsLimit, {},
                     [this] { return static_cast<double>(descriptors_.deliveries); });
  registry.add_gauge(relay::metric::kConfigChanged, {}, [this] {
    double latest = 0;
    for (const std::string& file : relay::reloaded_files(*in_force_.get())) {
      latest = std::max(latest, file_time(file));
    }
    return latest;
  });
}

}  // namespace signpost::daemon
