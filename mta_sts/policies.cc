#include "mta_sts/policies.h"

#include "mta_sts/events.h"
#include "mta_sts/metric_descriptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace signpost::mta_sts {

namespace {

std::string_view result_of(Fault fault) { return fault == Fault::None ? "ok" : text_of(fault); }

// Whether the log should say that a policy has changed.
bool differs(const Policy& a, const Policy& b) {
  return a.id != b.id || a.mode != b.mode || a.mx != b.mx || a.max_age != b.max_age;
}

bool is_old(const KeptPolicy& kept, SystemTime now) {
  const auto wanted = std::min<std::chrono::seconds>(Policies::kRefresh, kept.policy->max_age / 2);
  return now >= kept.fetched + std::max<std::chrono::seconds>(wanted, Policies::kSoonest);
}

}  // namespace

Policies::Policies(const Clock& clock, metrics::Registry& registry, PolicyFetch fetch)
    : clock_(clock), fetch_(std::move(fetch)) {
  for (std::size_t i = 0; i < modes_.size(); ++i) {
    modes_[i] = std::make_unique<metrics::Gauge>(
        registry, metric::kPolicies, metrics::Labels{{"mode", std::string(kTexts<Mode>[i])}});
  }
  for (std::size_t i = 0; i < results_.size(); ++i) {
    results_[i] = std::make_unique<metrics::SharedCounter>(
        registry, metric::kFetches,
        metrics::Labels{{"result", std::string(result_of(static_cast<Fault>(i)))}});
  }
}

void Policies::stop() {
  PolicyFetch ending;  // waits for a callback, which takes the mutex
  const MutexLock lock(mutex_);
  std::swap(ending, fetch_);
  fetches_.clear();
}

bool Policies::has_failed(const std::string& domain, std::chrono::seconds within) const {
  const LastFailure* const failure = failures_.find(domain);
  return failure != nullptr && clock_.steady_now() < failure->at + within;
}

bool Policies::may_refresh(const std::string& domain) const {
  return !fetches_.contains(domain) && fetches_.size() < kMostRefreshes &&
         !has_failed(domain, kRefreshRetry);
}

Finding Policies::finding(const std::string& domain) const {
  Finding found;
  if (const KeptPolicy* const kept = cache_.find(domain, clock_.schedule_now())) {
    found.policy = kept->policy;
  }
  if (has_failed(domain, kRetry)) {
    const LastFailure& failure = *failures_.find(domain);
    found.fault = failure.fault;
    found.detail = failure.detail;
  }
  return found;
}

Policies::Step Policies::look(const std::string& domain, const std::optional<std::string>& id,
                              Waiter& waiter) {
  const MutexLock lock(mutex_);
  const SystemTime now = clock_.schedule_now();
  KeptPolicy* const kept = cache_.find(domain, now);
  if (kept != nullptr) kept->used = now;
  if (!id) return {.finding = {.policy = kept == nullptr ? nullptr : kept->policy}};
  if (kept != nullptr && (kept->policy->id == *id || now < kept->fetched + kSoonest)) {
    const bool due = is_old(*kept, now) && may_refresh(domain);
    if (due) fetches_[domain].id = *id;
    return {.fetch = due, .finding = finding(domain)};
  }
  if (has_failed(domain, kRetry)) return {.finding = finding(domain)};
  const auto under_way = fetches_.find(domain);
  if (under_way != fetches_.end()) {
    auto& waiters = under_way->second.waiters;
    if (std::ranges::find(waiters, &waiter) == waiters.end()) waiters.push_back(&waiter);
    return {.wait = true};
  }
  if (fetches_.size() >= kMostFetches) {
    return {.finding = {.policy = kept == nullptr ? nullptr : kept->policy,
                        .fault = Fault::FetchFailed,
                        .detail = "too many other policies are being fetched"}};
  }
  fetches_[domain] = {.id = *id, .waiters = {&waiter}};
  return {.wait = true, .fetch = true};
}

std::vector<std::string> Policies::take_due(std::size_t most) {
  const MutexLock lock(mutex_);
  const SystemTime now = clock_.schedule_now();
  std::vector<std::pair<std::string, std::string>> old;  // domains and ids
  cache_.visit([&](const std::string& domain, const KeptPolicy& kept) {
    if (kept.end() <= now || now >= kept.used + kInUse || !is_old(kept, now)) return;
    old.emplace_back(domain, kept.policy->id);
  });
  std::vector<std::string> due;
  for (auto& [domain, id] : old) {
    if (due.size() == most) break;
    if (!may_refresh(domain)) continue;
    fetches_[domain].id = std::move(id);
    due.push_back(std::move(domain));
  }
  return due;
}

void Policies::fetch(const std::string& domain, const std::vector<net::IpAddress>& addresses) {
  const MutexLock lock(mutex_);
  if (!fetch_) return;
  fetch_(domain, addresses, [this, domain](PolicyText text) { fetched(domain, std::move(text)); });
}

void Policies::fetched(const std::string& domain, PolicyText text) {
  if (!text) {
    failed(domain, text.error());
    return;
  }
  auto policy = parse_policy(*text);
  if (!policy) {
    failed(domain, {.fault = Fault::Invalid,
                    .detail = fmt::format("the policy of {} is not valid: {}", domain,
                                          policy.error().detail)});
    return;
  }
  take(domain, std::move(*policy));
}

std::optional<Policies::Fetch> Policies::end_fetch(const std::string& domain) {
  auto node = fetches_.extract(domain);
  if (node.empty()) return {};  // stopped meanwhile
  for (Waiter* const waiter : node.mapped().waiters) waiter->ended(domain);
  return std::move(node.mapped());
}

void Policies::take(const std::string& domain, Policy policy) {
  std::shared_ptr<const Policy> taken;
  bool news = false;
  {
    const MutexLock lock(mutex_);
    auto fetch = end_fetch(domain);
    if (!fetch) return;
    policy.id = std::move(fetch->id);
    taken = std::make_shared<const Policy>(std::move(policy));
    const SystemTime now = clock_.schedule_now();
    const KeptPolicy* const before = cache_.find(domain, now);
    news = failures_.erase(domain) || before == nullptr || differs(*before->policy, *taken);
    const SystemTime used = before == nullptr ? now : before->used;
    cache_.keep(domain, {.policy = taken, .fetched = now, .used = used}, now);
    unsaved_ = true;
    count_modes();
  }
  results_[static_cast<std::size_t>(Fault::None)]->add();
  if (!news) return;
  log::emit(events::MtaStsPolicy{.domain = domain,
                                 .mode = taken->mode,
                                 .policy_id = taken->id,
                                 .hosts = taken->mx.size(),
                                 .max_age = taken->max_age.count()});
}

void Policies::failed(const std::string& domain, const FetchFault& fault) {
  bool news = false;
  {
    const MutexLock lock(mutex_);
    if (!end_fetch(domain)) return;
    LastFailure& failure = failures_.at(domain);
    news = failure.fault != fault.fault || failure.detail != fault.detail;
    failure = {.fault = fault.fault, .detail = fault.detail, .at = clock_.steady_now()};
  }
  results_[static_cast<std::size_t>(fault.fault)]->add();
  if (!news) return;
  log::emit(
      events::MtaStsPolicyFailed{.domain = domain, .fault = fault.fault, .detail = fault.detail});
}

void Policies::give_up(const std::string& domain) {
  const MutexLock lock(mutex_);
  (void)end_fetch(domain);
}

void Policies::leave(Waiter& waiter) {
  const MutexLock lock(mutex_);
  for (auto& [domain, fetch] : fetches_) std::erase(fetch.waiters, &waiter);
}

Finding Policies::known(const std::string& domain) const {
  const MutexLock lock(mutex_);
  return finding(domain);
}

void Policies::count_modes() {
  for (std::size_t i = 0; i < modes_.size(); ++i) {
    modes_[i]->set(static_cast<std::int64_t>(cache_.modes()[i]));
  }
}

std::vector<Policies::Entry> Policies::entries() {
  const MutexLock lock(mutex_);
  const SystemTime now = clock_.schedule_now();
  std::vector<Entry> all;
  cache_.visit([&](const std::string& domain, const KeptPolicy& kept) {
    if (kept.end() <= now) return;
    all.push_back({.domain = domain, .fetched = kept.fetched, .policy = *kept.policy});
  });
  unsaved_ = false;
  return all;
}

void Policies::restore(std::vector<Entry> entries) {
  const MutexLock lock(mutex_);
  const SystemTime now = clock_.schedule_now();
  for (Entry& entry : entries) {
    // The clock may have been ahead when it was written.
    const SystemTime fetched = std::min(entry.fetched, now);
    KeptPolicy kept{.policy = std::make_shared<const Policy>(std::move(entry.policy)),
                    .fetched = fetched,
                    .used = fetched};
    if (kept.end() > now) cache_.keep(entry.domain, std::move(kept), now);
  }
  unsaved_ = false;
  count_modes();
}

bool Policies::unsaved() const {
  const MutexLock lock(mutex_);
  return unsaved_;
}

void Policies::set_unsaved() {
  const MutexLock lock(mutex_);
  unsaved_ = true;
}

}  // namespace signpost::mta_sts
