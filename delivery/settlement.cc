#include "delivery/settlement.h"

#include "base/check.h"
#include "delivery/message_age.h"

#include <string>
#include <utility>

namespace signpost::delivery {

namespace {

// The job's next version, without recipients.
queue::Job next_version(const queue::Job& job) {
  queue::Job after = job;
  ++after.ref.revision;
  after.state = queue::JobState::Deferred;
  after.recipients.clear();
  return after;
}

}  // namespace

void Settlement::shorten_replies() {
  constexpr std::size_t kMost = 1000;  // octets
  for (RecipientSettlement& each : recipients) {
    std::string& text = each.disposition.reply.text;
    if (text.size() <= kMost) continue;
    text.resize(kMost);
    text.shrink_to_fit();
  }
}

Settlement settle(const queue::Job& job, const queue::Envelope& envelope,
                  std::vector<Disposition> dispositions, const AttemptFacts& facts,
                  const relay::Settings& settings, const SettlementTime& time) {
  CHECK(dispositions.size() == job.recipients.size());
  const SystemTime now = time.system;
  const std::uint32_t attempts = job.attempts + (facts.attempted ? 1 : 0);
  const bool counts = facts.attempted && !facts.unfinished;
  const bool held = job.state == queue::JobState::Held;
  std::optional<SystemTime> next;
  if (counts) {
    next = next_attempt(envelope, settings.retry, now, attempts, time.dice);
  } else if (facts.unfinished || held || now < give_up_time(envelope, settings.retry)) {
    next = now;
  }
  const bool notice =
      next && !facts.unfinished && !held && notice_due(envelope, job, settings.retry, now);

  Settlement settlement{.recipients = {},
                        .after = std::nullopt,
                        .next_attempt = std::nullopt,
                        .notifications = Notifications(envelope, settings, now)};
  Notifications& notifications = settlement.notifications;
  for (std::size_t i = 0; i < dispositions.size(); ++i) {
    const queue::Recipient& recipient = job.recipients[i];
    RecipientSettlement part{std::move(dispositions[i])};
    part.expired = part.disposition.outcome == Outcome::Delayed && !next;
    if (part.expired) part.disposition.outcome = Outcome::Failed;
    switch (part.disposition.outcome) {
      case Outcome::Delivered:
        notifications.relayed(recipient, part.disposition, facts);
        break;
      case Outcome::Failed:
        notifications.failed(recipient, part.disposition, facts.mx, part.expired);
        break;
      case Outcome::Delayed:
        if (!settlement.after) {
          settlement.after = next_version(job);
          settlement.after->last_reply = part.disposition.reply;
        }
        settlement.after->recipients.push_back(recipient);
        if (notice) notifications.delayed(recipient, part.disposition, facts.mx);
        break;
    }
    settlement.recipients.push_back(std::move(part));
  }
  if (!settlement.after) return settlement;
  queue::Job& after = *settlement.after;
  after.delay_notified = job.delay_notified || notice;
  if (counts) {
    after.attempts = attempts;
    after.last_attempt = now;
    after.last_remote = facts.mx;
    after.due = *next + (time.schedule - now);
    settlement.next_attempt = next;
  } else {
    after.state = job.state;
    after.last_reply = job.last_reply;
    settlement.changed = notice || after.recipients.size() != job.recipients.size();
  }
  return settlement;
}

}  // namespace signpost::delivery
