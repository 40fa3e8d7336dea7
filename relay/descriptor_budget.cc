#include "relay/descriptor_budget.h"

#include <sys/resource.h>

#include <algorithm>

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

DescriptorBudget share_descriptors(std::size_t sessions, std::size_t listening) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = kUsualLimit;
  return share_descriptors(
      static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMostDescriptors)), sessions,
      listening);
}

}  // namespace signpost::relay
