#include "delivery/allowance.h"

#include "base/check.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace signpost::delivery {

namespace {

relay::Rate part_of(const relay::Rate& whole, unsigned share) {
  if (share == Throttle::kWhole) return whole;
  const std::uint64_t count = std::uint64_t{whole.count} * share;
  if (count <= std::numeric_limits<std::uint32_t>::max()) {
    return {static_cast<std::uint32_t>(count), whole.per * Throttle::kWhole};
  }
  return {static_cast<std::uint32_t>(count / Throttle::kWhole), whole.per};
}

}  // namespace

void Allowance::set(std::size_t connections, const std::optional<relay::Rate>& rate,
                    SteadyTime now) {
  limit_ = connections;
  if (whole_rate_ != rate) pace_.reset();
  whole_rate_ = rate;
  apply(now);
}

void Allowance::apply(SteadyTime now) {
  share_ = throttle_.share(now);
  if (!is_reduced()) pace_.reset();
  const std::optional<relay::Rate>& whole = whole_rate_ ? whole_rate_ : pace_;
  rate_.set(whole ? std::optional(part_of(*whole, share_)) : std::nullopt, now);
}

bool Allowance::reduce(SteadyTime began, SteadyTime now) {
  if (!throttle_.reduce(began, now)) return false;
  if (!whole_rate_ && !pace_) pace_ = observed_.rate(now);
  apply(now);
  return true;
}

bool Allowance::restore(SteadyTime now) {
  if (throttle_.share(now) == share_) return false;
  apply(now);
  return true;
}

std::size_t Allowance::connections() const {
  return std::max<std::size_t>(1, limit_ * share_ / Throttle::kWhole);
}

std::size_t Allowance::part() const {
  return std::max<std::size_t>(1,
                               connections() / std::max<std::size_t>(1, sites_ + starving.size()));
}

bool Allowance::must_yield(std::size_t messages, const LaneShare& mail) const {
  if (starving.size() <= leaving_) return false;
  return messages >= kTurn || starving.goes_before(mail);
}

void Allowance::site_opened(const Site& site) {
  ++sites_;
  starving.remove(site);
}

void Allowance::site_ended(const Site& site) {
  --sites_;
  for_more.remove(site);
}

void Allowance::waits_no_longer(const Site& site) {
  starving.remove(site);
  for_more.remove(site);
}

void Allowance::ended(bool was_leaving) {
  CHECK(open_ > 0 && leaving_ >= (was_leaving ? 1u : 0u));
  --open_;
  if (was_leaving) --leaving_;
}

std::size_t Allowance::available(SteadyTime now) {
  std::size_t all = rate_.available(now);
  if (daily_) all = static_cast<std::size_t>(std::min<std::uint64_t>(all, daily_->left()));
  return all - std::min(all, promised_);
}

void Allowance::take(SteadyTime now, std::size_t count) {
  CHECK(rate_.take(now, count));
  observed_.happened(now, count);
  if (daily_) *daily_->sent += count;
}

void Allowance::give_back(std::size_t count) {
  rate_.give_back(count);
  if (daily_) *daily_->sent -= std::min<std::uint64_t>(*daily_->sent, count);
}

SteadyTime Allowance::next(SteadyTime now) {
  if (daily_ && daily_->left() <= promised_) {
    return std::max(daily_->ends, now + std::chrono::seconds(1));  // the clocks may differ
  }
  return rate_.next(now, promised_);
}

bool Allowance::is_unused(SteadyTime now) {
  return open_ == 0 && !is_reduced() && rate_.is_full(now);
}

}  // namespace signpost::delivery
