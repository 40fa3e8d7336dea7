// How many reports on mail go out: mail that fails in bulk, in another's name, must not become a
// flood in that other's mailbox.
#pragma once

#include "base/clock.h"
#include "base/lru_map.h"
#include "base/mutex.h"
#include "config/config.h"
#include "message/delivery_report.h"
#include "queue/envelope.h"
#include "relay/labels.h"

#include <cstddef>
#include <optional>
#include <string>

namespace signpost::delivery {

// Shared by all workers; any thread. What it forgets, because of newer entries or at a
// restart, starts again.
class ReportLimits {
 public:
  static constexpr std::size_t kMessages = 100'000;
  static constexpr std::size_t kSenders = 100'000;

  // Counts a report of that kind on the message of `envelope`, unless it must not be sent: then the
  // answer is why. Reports of success to logins are not counted by message: they asked for each,
  // and each means that a receiver took the mail.
  std::optional<relay::DropReason> refuse(const queue::Envelope& envelope, message::Action action,
                                          const config::BouncesConfig& config, SteadyTime now);

 private:
  // Tokens come back evenly; all of them may be used at once.
  struct Bucket {
    double used = 0;
    SteadyTime at{};
  };

  Mutex mutex_;
  LruMap<queue::MessageId, std::size_t> by_message_ GUARDED_BY(mutex_){kMessages};
  LruMap<std::string, Bucket, StringHash> by_sender_ GUARDED_BY(mutex_){kSenders};
};

}  // namespace signpost::delivery
