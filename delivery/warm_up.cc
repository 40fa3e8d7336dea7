#include "delivery/warm_up.h"

#include <algorithm>
#include <limits>

namespace signpost::delivery {

std::optional<std::uint64_t> WarmUp::limit(std::chrono::sys_days today) const {
  const auto day = (today - first).count();
  if (day < 0) return 0;
  if (day >= static_cast<std::int64_t>(days)) return {};
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  return day < 64 && daily <= kMost >> day ? daily << day : kMost;
}

void WarmUpCounts::begin(std::chrono::sys_days day) {
  day_ = day;
  unsaved_ = unsaved_ || counts_->size() > 0;
  counts_.emplace(kMost);
}

WarmUpCounts::Count WarmUpCounts::of(const std::string& name) {
  if (const Count* known = counts_->find(name)) return *known;
  auto made = std::make_shared<std::uint64_t>(0);
  counts_->insert(name, made);
  return made;
}

WarmUpCounts::Kept WarmUpCounts::kept() {
  Kept kept{.day = day_, .entries = {}};
  counts_->visit([&](const std::string& name, const Count& count) {
    if (*count > 0) kept.entries.push_back({name, *count});
  });
  unsaved_ = false;
  return kept;
}

void WarmUpCounts::restore(const Kept& kept) {
  day_ = kept.day;
  for (const Entry& entry : kept.entries) *of(entry.name) += entry.sent;
}

}  // namespace signpost::delivery
