#include "queue/retry_schedule.h"

#include "base/check.h"

#include <algorithm>
#include <cmath>

namespace signpost::queue {

namespace {

// An acceptance in the future means that the clock went back since: the message is new.
std::chrono::microseconds age(SystemTime received, SystemTime now) {
  return std::max(now - received, std::chrono::microseconds(0));
}

}  // namespace

std::chrono::seconds RetrySchedule::delay_after(std::uint32_t attempts, double fraction) const {
  CHECK(!delays.empty());
  const std::size_t index =
      std::min<std::size_t>(attempts > 0 ? attempts - 1 : 0, delays.size() - 1);
  const auto base = static_cast<double>(delays[index].count());
  return std::chrono::seconds(std::llround(base * (1.0 + jitter * fraction)));
}

std::optional<SystemTime> RetrySchedule::next(SystemTime received, SystemTime now,
                                              std::uint32_t attempts, double fraction) const {
  const std::chrono::seconds delay = delay_after(attempts, fraction);
  if (age(received, now) + delay > expire) return std::nullopt;
  return now + delay;
}

std::chrono::seconds RetrySchedule::longest_delay() const {
  const auto longest = static_cast<double>(std::ranges::max(delays).count()) * (1 + jitter);
  return std::chrono::seconds(static_cast<std::int64_t>(longest) + 1);
}

bool RetrySchedule::delay_notice_due(SystemTime received, SystemTime now, bool already_sent) const {
  return !already_sent && delay_notice.count() > 0 && age(received, now) >= delay_notice;
}

}  // namespace signpost::queue
