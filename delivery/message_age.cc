#include "delivery/message_age.h"

#include <algorithm>
#include <chrono>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kLastTry{5};  // before a deadline at least

}  // namespace

SystemTime give_up_time(const queue::Envelope& envelope, const queue::RetrySchedule& retry) {
  const SystemTime expiry = envelope.sent() + retry.expire;
  if (!envelope.deadline || !envelope.deadline->returns()) return expiry;
  return std::min(expiry, envelope.deadline->time);
}

bool notice_due(const queue::Envelope& envelope, const queue::Job& job,
                const queue::RetrySchedule& retry, SystemTime now) {
  if (envelope.deadline && !envelope.deadline->returns()) {
    return !job.delay_notified && now >= envelope.deadline->time;
  }
  return retry.delay_notice_due(envelope.sent(), now, job.delay_notified);
}

std::optional<SystemTime> next_attempt(const queue::Envelope& envelope,
                                       const queue::RetrySchedule& retry, SystemTime now,
                                       std::uint32_t attempts, double fraction) {
  auto next = retry.next(envelope.sent(), now, attempts, fraction);
  if (!envelope.deadline) return next;
  const auto left = envelope.deadline->time - now;
  if (!envelope.deadline->returns()) {  // an attempt then shows whether there is a delay to report
    if (next && left.count() > 0) next = std::min(*next, envelope.deadline->time);
    return next;
  }
  // Halves what is left each time, so that the last attempt is close to the deadline.
  const SystemTime half = now + left / 2;
  if (left < 2 * kLastTry) return std::nullopt;
  if (next) return std::min(*next, half);
  if (half > envelope.sent() + retry.expire) return std::nullopt;
  return half;
}

}  // namespace signpost::delivery
