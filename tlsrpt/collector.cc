#include "tlsrpt/collector.h"

#include "tlsrpt/kept_text.h"

#include <algorithm>
#include <utility>

namespace signpost::tlsrpt {

namespace {

constexpr std::size_t kLongestDomain = 253;

std::size_t room_for(const std::vector<std::string>& texts) {
  std::size_t octets = 0;
  for (const std::string& text : texts) octets += sizeof text + text.size();
  return octets;
}

std::size_t room_for(const Failure& failure) {
  return sizeof(FailureCount) + failure.sending_ip.size() + failure.receiving_mx_hostname.size() +
         failure.receiving_ip.size() + failure.receiving_mx_helo.size() +
         failure.reason_code.size();
}

std::size_t room_for(const AppliedPolicy& policy) {
  return sizeof(PolicyCount) + policy.domain.size() + room_for(policy.strings) +
         room_for(policy.mx_hosts);
}

std::size_t room_for_domain(std::string_view name) { return sizeof(Aggregate) + 2 * name.size(); }

std::size_t room_for(const Aggregate& aggregate) {
  std::size_t octets = room_for_domain(aggregate.domain);
  for (const PolicyCount& each : aggregate.policies) {
    octets += room_for(each.policy);
    for (const FailureCount& failure : each.failures) octets += room_for(failure.failure);
  }
  return octets;
}

SystemTime end_of(std::chrono::sys_days day) { return day + std::chrono::days(1); }

void forget_details(Aggregate& aggregate) {
  for (PolicyCount& each : aggregate.policies) {
    each.policy.strings.clear();
    each.policy.mx_hosts.clear();
    each.failures.clear();
  }
}

bool is_unsent(const Aggregate& aggregate) {
  return aggregate.state == ReportState::Waiting || aggregate.state == ReportState::Failed;
}

bool waits(const auto& entry) { return entry.second.state == ReportState::Waiting; }

}  // namespace

Collector::Collector(const Clock& clock, Random random) : clock_(clock), random_(random) {}

bool Collector::take_room(std::size_t octets) {
  if (octets > kMostOctets - std::min(octets_, kMostOctets)) return false;
  octets_ += octets;
  return true;
}

void Collector::measure() {
  octets_ = 0;
  for (const auto& [date, day] : days_) {
    for (const auto& [name, aggregate] : day.domains) octets_ += room_for(aggregate);
  }
}

Aggregate* Collector::domain_of(Day& day, std::chrono::sys_days date, const std::string& name) {
  if (const auto found = day.domains.find(name); found != day.domains.end()) {
    return &found->second;
  }
  if (name.empty() || name.size() > kLongestDomain || name != kept_text(name) ||
      day.domains.size() >= kMostDomains || !take_room(room_for_domain(name))) {
    return nullptr;
  }
  Aggregate& aggregate = day.domains[name];
  aggregate.domain = name;
  aggregate.day = date;
  const auto spread = static_cast<std::uint64_t>(std::chrono::seconds(kSpread).count());
  aggregate.due = end_of(date) + std::chrono::seconds(random_.below(spread));
  return &aggregate;
}

PolicyCount* Collector::policy_of(Aggregate& aggregate, const AppliedPolicy& policy) {
  for (PolicyCount& each : aggregate.policies) {
    if (is_kept_as(each.policy, policy)) return &each;
  }
  if (aggregate.policies.size() >= kMostPolicies) return nullptr;
  AppliedPolicy added = kept(policy);
  if (!take_room(room_for(added))) return nullptr;
  return &aggregate.policies.emplace_back(PolicyCount{.policy = std::move(added), .failures = {}});
}

void Collector::count_failure(PolicyCount& policy, const Failure& failure) {
  ++policy.failed;
  for (FailureCount& each : policy.failures) {
    if (!is_kept_as(each.failure, failure)) continue;
    ++each.sessions;
    return;
  }
  if (policy.failures.size() >= kMostFailures) return;
  Failure added = kept(failure);
  if (!take_room(room_for(added))) return;
  policy.failures.push_back({std::move(added), 1});
}

void Collector::record(const Session& session) {
  if (!wanted()) return;
  const auto date = std::chrono::floor<std::chrono::days>(clock_.system_now());
  const MutexLock lock(mutex_);
  unsaved_ = true;
  Day& day = days_[date];
  Aggregate* const aggregate = domain_of(day, date, session.recipient_domain);
  if (aggregate == nullptr) {
    ++day.left_out;
    return;
  }
  PolicyCount* const policy = policy_of(*aggregate, session.policy);
  if (policy == nullptr) {
    ++aggregate->left_out;
  } else if (session.failure) {
    count_failure(*policy, *session.failure);
  } else {
    ++policy->successful;
  }
}

std::vector<Aggregate> Collector::due(std::size_t most) {
  const SystemTime now = clock_.system_now();
  std::vector<Aggregate> found;
  const MutexLock lock(mutex_);
  const auto is_forgotten = [&](const auto& entry) {
    return now >= end_of(entry.first) + kShown &&
           std::ranges::none_of(entry.second.domains, [](const auto& each) { return waits(each); });
  };
  if (std::erase_if(days_, is_forgotten) > 0) {
    measure();
    unsaved_ = true;
  }
  for (auto& [date, day] : days_) {
    if (now < end_of(date)) break;
    for (auto& [name, aggregate] : day.domains) {
      if (found.size() >= most) return found;
      if (aggregate.state != ReportState::Waiting) continue;
      if (now >= end_of(date) + kLongest) {
        aggregate.state = ReportState::Failed;
        unsaved_ = true;
      } else if (now < aggregate.due) {
        continue;
      }
      found.push_back(aggregate);
    }
  }
  return found;
}

void Collector::settle(const Aggregate& aggregate) {
  const MutexLock lock(mutex_);
  const auto day = days_.find(aggregate.day);
  if (day == days_.end()) return;
  const auto known = day->second.domains.find(aggregate.domain);
  if (known == day->second.domains.end()) return;
  Aggregate& settled = known->second;
  settled.state = aggregate.state;
  settled.due = aggregate.due;
  settled.detail = kept_text(aggregate.detail);
  settled.delivered.clear();
  settled.refused.clear();
  if (settled.state == ReportState::Waiting) {
    settled.delivered = aggregate.delivered;
    settled.refused = aggregate.refused;
  }
  if (settled.state == ReportState::NoRecord) {
    octets_ -= std::min(octets_, room_for(settled));
    forget_details(settled);
    octets_ += room_for(settled);
  }
  unsaved_ = true;
}

std::size_t Collector::send_now(std::string_view domain, std::optional<std::chrono::sys_days> day) {
  const SystemTime now = clock_.system_now();
  std::size_t reports = 0;
  const MutexLock lock(mutex_);
  for (auto& [date, of_day] : days_) {
    if ((day && date != *day) || now < end_of(date) || now >= end_of(date) + kLongest) continue;
    for (auto& [name, aggregate] : of_day.domains) {
      const bool is_wanted = domain.empty() ? is_unsent(aggregate) : name == domain;
      if (!is_wanted) continue;
      aggregate.state = ReportState::Waiting;
      aggregate.due = now;
      unsaved_ = true;
      ++reports;
    }
  }
  return reports;
}

Collector::LeftOut Collector::all_left_out() const {
  LeftOut all;
  for (const auto& [date, day] : days_) {
    if (day.left_out > 0) all[date] = day.left_out;
  }
  return all;
}

std::vector<Collector::Name> Collector::names() {
  std::vector<Name> names;
  const MutexLock lock(mutex_);
  for (const auto& [date, day] : days_) {
    for (const auto& [name, aggregate] : day.domains) names.emplace_back(date, name);
  }
  return names;
}

void Collector::append(std::span<const Name> names, std::vector<Aggregate>& aggregates) {
  const MutexLock lock(mutex_);
  for (const auto& [date, name] : names) {
    if (const Aggregate* const found = find_locked(name, date)) aggregates.push_back(*found);
  }
}

// In pieces: the workers do not wait while ten thousand are copied.
std::vector<Aggregate> Collector::all() {
  constexpr std::size_t kAtOnce = 100;
  std::vector<Name> wanted = names();
  std::ranges::sort(wanted);
  std::vector<Aggregate> all;
  for (std::span<const Name> left(wanted); !left.empty();) {
    const std::size_t count = std::min(kAtOnce, left.size());
    append(left.first(count), all);
    left = left.subspan(count);
  }
  return all;
}

const Aggregate* Collector::find_locked(std::string_view domain, std::chrono::sys_days day) const {
  const auto known = days_.find(day);
  if (known == days_.end()) return nullptr;
  const auto found = known->second.domains.find(domain);
  return found == known->second.domains.end() ? nullptr : &found->second;
}

std::optional<Aggregate> Collector::find(std::string_view domain, std::chrono::sys_days day) {
  const MutexLock lock(mutex_);
  const Aggregate* const found = find_locked(domain, day);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

Collector::LeftOut Collector::left_out() {
  const MutexLock lock(mutex_);
  return all_left_out();
}

// What is counted meanwhile is unsaved again.
Collector::Kept Collector::keep() {
  Kept kept;
  {
    const MutexLock lock(mutex_);
    unsaved_ = false;
    kept.left_out = all_left_out();
  }
  kept.aggregates = all();
  return kept;
}

bool Collector::unsaved() {
  const MutexLock lock(mutex_);
  return unsaved_;
}

void Collector::set_unsaved() {
  const MutexLock lock(mutex_);
  unsaved_ = true;
}

void Collector::restore(Kept kept) {
  const MutexLock lock(mutex_);
  for (Aggregate& aggregate : kept.aggregates) {
    Day& day = days_[aggregate.day];
    std::string name = aggregate.domain;
    day.domains.insert_or_assign(std::move(name), std::move(aggregate));
  }
  for (const auto& [date, sessions] : kept.left_out) days_[date].left_out += sessions;
  measure();
}

}  // namespace signpost::tlsrpt
