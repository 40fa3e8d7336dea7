#include "delivery/report_limits.h"

#include "base/ascii.h"
#include "smtp/address.h"

#include <algorithm>
#include <chrono>

namespace signpost::delivery {

namespace {

// "a"@x.example and a@X.example are one mailbox (RFC 5321 section 4.1.2). Receivers nearly always
// ignore the case before the "@" too.
std::string sender_of(std::string_view reverse_path) {
  const std::size_t at = std::min(reverse_path.rfind('@'), reverse_path.size());
  return ascii::lower(smtp::unquoted(reverse_path.substr(0, at)) +
                      std::string(reverse_path.substr(at)));
}

}  // namespace

std::optional<relay::DropReason> ReportLimits::refuse(const queue::Envelope& envelope,
                                                      message::Action action,
                                                      const config::BouncesConfig& config,
                                                      SteadyTime now) {
  using relay::DropReason;
  if (!envelope.reverse_path) return DropReason::NullSender;
  if (envelope.login.empty() && !config.trusted_networks) return DropReason::UnprovenSender;
  // A login asked for a report of success itself; a trusted network may have done so in the name of
  // somebody else.
  const bool counted = action == message::Action::Failed || action == message::Action::Delayed ||
                       envelope.login.empty();
  const MutexLock lock(mutex_);
  std::size_t& of_message = by_message_.at(envelope.id);
  if (counted && of_message >= config.per_message) return DropReason::PerMessage;
  Bucket& bucket = by_sender_.at(sender_of(envelope.reverse_path->text()));
  const std::chrono::duration<double> passed = now - bucket.at;
  const double most = config.per_sender.count;
  const double back = passed / std::chrono::duration<double>(config.per_sender.per) * most;
  bucket.used = std::max(0.0, bucket.used - back);
  bucket.at = now;
  if (bucket.used + 1 > most) return DropReason::PerSender;
  bucket.used += 1;
  if (counted) ++of_message;
  return {};
}

}  // namespace signpost::delivery
