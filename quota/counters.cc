#include "quota/counters.h"

#include <algorithm>
#include <cmath>

namespace signpost::quota {

namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr double kWarnAt = 0.8;
// Sums of fractions are not exact.
constexpr double kTolerance = 1e-6;
// A rate by the second is not worth a line each second.
constexpr seconds kLeastBetweenLines = std::chrono::hours(1);
// The longest period of a rate: a bucket that is older is empty.
constexpr seconds kLongestPeriod = std::chrono::hours(1);

std::int64_t day_of(SystemTime now) {
  return std::chrono::floor<days>(now).time_since_epoch().count();
}

double per_second(const config::Rate& rate) {
  return static_cast<double>(rate.count) / static_cast<double>(rate.per.count());
}

// Whether this is to be told, and then it is. A clock that was set back does not keep it.
bool tell(SystemTime& told, Kind kind, seconds period, SystemTime now) {
  const bool same = kind == Kind::Daily
                        ? day_of(told) == day_of(now)
                        : told <= now && now - told < std::max(period, kLeastBetweenLines);
  if (told != SystemTime{} && same) return false;
  told = now;
  return true;
}

bool is_four_fifths(const Mark& mark) {
  return static_cast<double>(mark.used) >= kWarnAt * static_cast<double>(mark.most);
}

constexpr std::array<Kind, 2> kKinds{Kind::Rate, Kind::Daily};

bool has(const Limits& limits, Kind kind) {
  return kind == Kind::Rate ? limits.rate.has_value() : limits.daily.has_value();
}

}  // namespace

SystemTime next_day(SystemTime now) { return std::chrono::floor<days>(now) + days(1); }

Counters::Counters(std::size_t entries)
    : tables_{Table(entries), Table(entries), Table(entries), Table(entries)} {}

// Brings the counter to `now`.
void Counters::refresh(Counter& counter, const Limits& limits, SystemTime now) {
  if (const std::int64_t day = day_of(now); counter.day != day) {
    counter.day = day;
    counter.today = 0;
  }
  if (!limits.rate) {
    counter.level = 0;  // a rate that a reload brings begins with an empty bucket
  } else if (now > counter.at) {
    const std::chrono::duration<double> passed = now - counter.at;
    counter.level = std::max(0.0, counter.level - passed.count() * per_second(*limits.rate));
  }
  counter.at = now;
}

Mark Counters::mark(const Holder& holder, const Counter& counter, Kind kind) {
  if (kind == Kind::Daily) {
    return {holder.scope, holder.name, kind, counter.today, *holder.limits.daily, days(1)};
  }
  const auto used = static_cast<std::uint64_t>(std::ceil(counter.level - kTolerance));
  return {holder.scope,           holder.name, kind, used, holder.limits.rate->count,
          holder.limits.rate->per};
}

// REQUIRES: the counter is refreshed
std::optional<Shortage> Counters::shortage(const Holder& holder, const Counter& counter,
                                           std::uint64_t recipients, SystemTime now) {
  if (const auto& daily = holder.limits.daily; daily && counter.today + recipients > *daily) {
    return Shortage{mark(holder, counter, Kind::Daily), next_day(now)};
  }
  const auto& rate = holder.limits.rate;
  if (!rate) return {};
  const double beyond = counter.level + static_cast<double>(recipients) - rate->count;
  if (beyond <= kTolerance) return {};
  const auto wait = std::chrono::duration<double>((beyond - kTolerance) / per_second(*rate));
  return Shortage{mark(holder, counter, Kind::Rate), now + std::chrono::ceil<seconds>(wait)};
}

std::optional<Shortage> Counters::find_shortage(std::span<const Holder> holders,
                                                std::uint64_t recipients, SystemTime now) {
  for (const Holder& holder : holders) {
    Counter* const known = table(holder.scope).find(holder.name);
    Counter fresh;
    Counter& counter = known != nullptr ? *known : fresh;
    refresh(counter, holder.limits, now);
    auto found = shortage(holder, counter, recipients, now);
    if (!found) continue;
    // Made here, so that it is told once.
    Counter& told = known != nullptr ? *known : table(holder.scope).at(holder.name);
    const auto kind = static_cast<std::size_t>(found->limit.kind);
    found->news = tell(told.refused[kind], found->limit.kind, found->limit.period, now);
    return found;
  }
  return {};
}

std::optional<Shortage> Counters::shortage(std::span<const Holder> holders,
                                           std::uint64_t recipients, SystemTime now) {
  const MutexLock lock(mutex_);
  return find_shortage(holders, recipients, now);
}

std::expected<std::vector<Mark>, Shortage> Counters::take(std::span<const Holder> holders,
                                                          std::uint64_t recipients,
                                                          SystemTime now) {
  std::vector<Mark> marks;
  const MutexLock lock(mutex_);
  if (auto found = find_shortage(holders, recipients, now)) {
    return std::unexpected(std::move(*found));
  }
  for (const Holder& holder : holders) {
    Counter& counter = table(holder.scope).at(holder.name);
    refresh(counter, holder.limits, now);
    const Counter before = counter;
    if (holder.limits.rate) counter.level += static_cast<double>(recipients);
    counter.today += recipients;
    for (const Kind kind : kKinds) {
      if (!has(holder.limits, kind)) continue;
      Mark reached = mark(holder, counter, kind);
      if (!is_four_fifths(reached) || is_four_fifths(mark(holder, before, kind))) continue;
      SystemTime& warned = counter.warned[static_cast<std::size_t>(kind)];
      if (tell(warned, kind, reached.period, now)) marks.push_back(std::move(reached));
    }
  }
  unsaved_ = unsaved_ || !holders.empty();
  return marks;
}

void Counters::give_back(std::span<const Holder> holders, std::uint64_t recipients,
                         SystemTime now) {
  const MutexLock lock(mutex_);
  for (const Holder& holder : holders) {
    Counter* const counter = table(holder.scope).find(holder.name);
    if (counter == nullptr) continue;
    refresh(*counter, holder.limits, now);
    counter->level = std::max(0.0, counter->level - static_cast<double>(recipients));
    counter->today -= std::min(counter->today, recipients);
    unsaved_ = true;
  }
}

std::vector<Mark> Counters::used(const Holder& holder, SystemTime now) {
  const MutexLock lock(mutex_);
  Counter counter;
  if (const Counter* const known = table(holder.scope).find(holder.name)) counter = *known;
  refresh(counter, holder.limits, now);
  std::vector<Mark> marks;
  for (const Kind kind : kKinds) {
    if (has(holder.limits, kind)) marks.push_back(mark(holder, counter, kind));
  }
  return marks;
}

std::vector<Counters::Entry> Counters::entries(SystemTime now) {
  std::vector<Entry> all;
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    tables_[i].visit([&](const std::string& name, const Counter& counter) {
      const bool counts_today = counter.today > 0 && counter.day == day_of(now);
      const bool fills_bucket = counter.level > 0 && now - counter.at < kLongestPeriod;
      if (!counts_today && !fills_bucket) return;
      all.push_back(
          {static_cast<Scope>(i), name, counter.level, counter.at, counter.day, counter.today});
    });
  }
  unsaved_ = false;
  return all;
}

bool Counters::unsaved() {
  const MutexLock lock(mutex_);
  return unsaved_;
}

void Counters::set_unsaved() {
  const MutexLock lock(mutex_);
  unsaved_ = true;
}

void Counters::restore(const std::vector<Entry>& entries) {
  const MutexLock lock(mutex_);
  for (const Entry& entry : entries) {
    Counter& counter = table(entry.scope).at(entry.name);
    counter.level = entry.level;
    counter.at = entry.at;
    counter.day = entry.day;
    counter.today = entry.today;
  }
}

}  // namespace signpost::quota
