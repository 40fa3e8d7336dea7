#include "relay/rate_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace signpost::relay {

void RateLimit::set(const std::optional<Rate>& rate, SteadyTime now) {
  if (rate_ == rate) return;
  if (rate_) refill(now);
  tokens_ = rate_ ? std::min(tokens_, 1.0) : 1;
  rate_ = rate;
  refilled_ = now;
}

void RateLimit::fill(SteadyTime now) {
  if (!rate_) return;
  tokens_ = capacity();
  refilled_ = now;
}

bool RateLimit::is_full(SteadyTime now) {
  if (!rate_) return true;
  refill(now);
  return tokens_ >= capacity();
}

void RateLimit::give_back(std::size_t count) {
  if (rate_) tokens_ = std::min(capacity(), tokens_ + static_cast<double>(count));
}

double RateLimit::per_second() const {
  return static_cast<double>(rate_->count) / static_cast<double>(rate_->per.count());
}

double RateLimit::capacity() const { return std::max(1.0, per_second()); }

void RateLimit::refill(SteadyTime now) {
  if (now <= refilled_) return;
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(capacity(), tokens_ + seconds * per_second());
  refilled_ = now;
}

bool RateLimit::take(SteadyTime now, std::size_t count) {
  if (!rate_) return true;
  refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= static_cast<double>(count);
  return true;
}

std::size_t RateLimit::available(SteadyTime now) {
  if (!rate_) return std::numeric_limits<std::size_t>::max();
  refill(now);
  return static_cast<std::size_t>(std::max(0.0, tokens_));
}

SteadyTime RateLimit::next(SteadyTime now, std::size_t beside) {
  if (!rate_) return now;
  refill(now);
  const double wanted = 1 + static_cast<double>(beside);
  if (tokens_ >= wanted) return now;
  // Rounded up, so that the token is there when the caller returns.
  const double seconds = (wanted - tokens_) / per_second();
  return now + std::chrono::microseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e6)) + 1);
}

}  // namespace signpost::relay
