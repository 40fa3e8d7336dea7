#include "relay/descriptor_budget.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace signpost::relay {

namespace {

// The store, name servers, the admin listener, the log, and a margin.
constexpr std::size_t kLeastReserve = 64;
constexpr std::size_t kMostReserve = 2500;
constexpr std::size_t kLeastFiles = 20;  // RocksDB cannot do with fewer
constexpr std::size_t kMostFiles = 256;
constexpr std::size_t kMostAdmin = 1024;
constexpr rlim_t kMostDescriptors = 1'000'000;
constexpr std::size_t kUsualLimit = 1024;
constexpr std::size_t kFewestSessions = 16;  // unless fewer are wanted

std::size_t descriptor_limit(rlim_t rlimit::* which) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsualLimit;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.*which, kMostDescriptors));
}

}  // namespace

DescriptorBudget share_descriptors(std::size_t limit, std::size_t sessions, std::size_t listening) {
  const std::size_t reserve = std::clamp(limit / 4, kLeastReserve, kMostReserve) + listening;
  const std::size_t rest = limit > reserve ? limit - reserve : 0;
  DescriptorBudget budget;
  budget.deliveries = std::max<std::size_t>(1, rest / 4);
  budget.sessions = std::min(sessions, rest - std::min(rest, budget.deliveries));
  budget.deliveries = std::max(budget.deliveries, rest - budget.sessions);
  budget.store = std::clamp(reserve / 3, kLeastFiles, kMostFiles);
  budget.admin = std::min(reserve * 2 / 5, kMostAdmin);
  // The reserve's descriptors are already open below the ceiling, or are opened when needed.
  budget.ceiling = static_cast<int>(limit - std::min(limit, reserve / 2));
  return budget;
}

std::size_t allowed_descriptors() { return descriptor_limit(&rlimit::rlim_cur); }
std::size_t most_descriptors() { return descriptor_limit(&rlimit::rlim_max); }

unsigned worker_count(const config::Config& config) {
  return config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
}

DescriptorBudget share_descriptors(std::size_t limit, const config::Config& config) {
  return share_descriptors(limit, config.limits.sessions,
                           config.listeners.size() * worker_count(config));
}

bool are_too_few(const DescriptorBudget& budget, const config::Config& config) {
  return budget.sessions < std::min(kFewestSessions, config.limits.sessions);
}

std::string descriptor_shortage(const DescriptorBudget& budget, const config::Config& config) {
  if (budget.sessions >= config.limits.sessions) return "";
  if (are_too_few(budget, config)) {
    return fmt::format(
        "the system allows this process too few open files: only enough for {} sessions beside the "
        "queue; allow at least 1024 (LimitNOFILE in the unit, ulimit -n)",
        budget.sessions);
  }
  return fmt::format(
      "the system allows this process fewer descriptors than limits.sessions needs: enough for {} "
      "of {} sessions, with {} connections to receivers; raise the limit (LimitNOFILE in the unit, "
      "ulimit -n) or lower limits.sessions",
      budget.sessions, config.limits.sessions, budget.deliveries);
}

}  // namespace signpost::relay
