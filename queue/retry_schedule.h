// When a job that could not be delivered is tried again (RFC 5321 section 4.5.4.1).
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace signpost::queue {

struct RetrySchedule {
  std::vector<std::chrono::seconds> delays;  // the last one repeats; not empty
  std::chrono::seconds expire{432'000};
  std::chrono::seconds delay_notice{14'400};  // 0: none
  double jitter = 0.1;                        // each delay is stretched by up to this share

  // The delay after the `attempts`-th attempt (1 is the first). `fraction` in [0, 1) is random.
  std::chrono::seconds delay_after(std::uint32_t attempts, double fraction) const;

  // Due time after an attempt at `now`; nothing when the message, accepted at `received`, would be
  // older than `expire` by then or is already: it must be given up. Safe when the clock jumps:
  // an acceptance in the future counts as now.
  std::optional<SystemTime> next(SystemTime received, SystemTime now, std::uint32_t attempts,
                                 double fraction) const;

  // The longest time from an attempt to the next.
  std::chrono::seconds longest_delay() const;

  bool delay_notice_due(SystemTime received, SystemTime now, bool already_sent) const;
};

}  // namespace signpost::queue
