#include "relay/completion.h"

#include "base/log.h"
#include "base/random.h"
#include "relay/dispatch.h"
#include "relay/notification.h"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <utility>

namespace signpost::relay {

namespace {

std::chrono::milliseconds since(SystemTime then, SystemTime now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - then);
}

// One line a recipient: the answer to "where is my mail?".
void log_outcome(const PendingJob& job, const queue::Recipient& recipient,
                 const Disposition& disposition, const AttemptFacts& facts, SystemTime now,
                 const std::optional<SystemTime>& next, bool expired) {
  const queue::Envelope& envelope = job.message->envelope();
  std::string_view event = "delivered";
  if (disposition.outcome == Outcome::Failed) event = expired ? "expired" : "bounced";
  if (disposition.outcome == Outcome::Delayed) event = "deferred";
  log::info(event, {{"id", envelope.id.text()},
                    {"user", envelope.login},
                    {"from", envelope.reverse_path},
                    {"to", recipient.mailbox},
                    {"size", envelope.size},
                    {"mx", facts.mx},
                    {"address", facts.address},
                    {"tls", facts.tls},
                    {"reply", disposition.reply.one_line()},
                    {"attempt", job.job.attempts + (facts.attempted ? 1 : 0)},
                    {"delay_ms", since(envelope.received, now).count()},
                    {"next_attempt_s", next ? since(now, *next).count() / 1000 : 0},
                    {"dkim", facts.dkim}});
}

// Stores `change`, however long that takes, then runs `done` on the worker. What could not be
// stored when the process ends is done again after the restart. `give_up` is asked before each
// further try: when it returns true it has done what there is to do instead.
void commit_until_done(
    Worker& worker, std::shared_ptr<const queue::Change> change, net::Task done,
    std::function<bool()> give_up = [] { return false; }) {
  worker.commits().add(
      change, TurnCommits::Awaited::No,
      [&worker, change, done = std::move(done), give_up = std::move(give_up)](bool stored) mutable {
        if (stored) {
          done();
          return;
        }
        worker.after(
            std::chrono::seconds(1), [&worker, change = std::move(change), done = std::move(done),
                                      give_up = std::move(give_up)]() mutable {
              if (give_up()) return;
              commit_until_done(worker, std::move(change), std::move(done), std::move(give_up));
            });
      });
}

void release(Worker& worker, const queue::Job& before, const std::optional<queue::Job>& after) {
  Relay& relay = worker.relay();
  if (before.state == queue::JobState::Deferred) relay.deferred_in_memory.fetch_sub(1);
  relay.active.release(before.ref);
  if (after) relay.scheduler->committed(*after);
}

// A job that could not be put off in the store until it was due again is tried again as it is
// stored: a disk that cannot be written stops no delivery. The attempt is not counted then.
std::function<bool()> again_when_due(Worker& worker, const queue::Job& stored, SystemTime due) {
  return [&worker, stored, due] {
    if (schedule_now() < due) return false;
    dispatch(worker, {stored, nullptr});
    return true;
  };
}

// What is left of the job for a later attempt.
queue::Job deferred(const queue::Job& before, SystemTime due) {
  queue::Job after = before;
  ++after.ref.revision;
  after.state = queue::JobState::Deferred;
  after.due = due;
  return after;
}

}  // namespace

void put_back(Worker& worker, PendingJob job, std::chrono::seconds delay) {
  auto change = std::make_shared<queue::Change>();
  queue::Job after = deferred(job.job, schedule_now() + delay);
  change->replaced.push_back({job.job, after});
  commit_until_done(
      worker, std::move(change),
      [&worker, before = job.job, after] { release(worker, before, after); },
      again_when_due(worker, job.job, after.due));
}

void complete(Worker& worker, PendingJob job, std::vector<Disposition> dispositions,
              AttemptFacts facts) {
  if (!job.message) {
    load_message(worker, std::move(job),
                 [&worker, dispositions = std::move(dispositions),
                  facts = std::move(facts)](PendingJob loaded) mutable {
                   complete(worker, std::move(loaded), std::move(dispositions), std::move(facts));
                 });
    return;
  }
  const Settings& settings = *worker.settings();
  const queue::Envelope& envelope = job.message->envelope();
  const SystemTime now = system_now();
  const std::uint32_t attempts = job.job.attempts + 1;
  const auto next =
      settings.retry.next(envelope.received, now, attempts, Random::local().fraction());
  // By the clock of schedules, which may be ahead.
  const auto ahead = schedule_now() - now;

  auto change = std::make_shared<queue::Change>();
  Notifications notifications(envelope, settings, now);
  std::optional<queue::Job> after;
  const bool notice =
      next && settings.retry.delay_notice_due(envelope.received, now, job.job.delay_notified);
  for (std::size_t i = 0; i < dispositions.size(); ++i) {
    Disposition& disposition = dispositions[i];
    const queue::Recipient& recipient = job.job.recipients[i];
    if (facts.attempted) worker.metrics().attempt(facts.provider, disposition);
    const bool expired = disposition.outcome == Outcome::Delayed && !next;
    if (expired) disposition.outcome = Outcome::Failed;
    log_outcome(job, recipient, disposition, facts, now,
                disposition.outcome == Outcome::Delayed ? next : std::nullopt, expired);
    switch (disposition.outcome) {
      case Outcome::Delivered:
        worker.metrics().delivery_seconds.observe(
            std::chrono::duration<double>(now - envelope.received).count());
        if (!facts.dsn_handed_on) notifications.relayed(recipient, disposition, facts.mx);
        break;
      case Outcome::Failed:
        notifications.failed(recipient, disposition, facts.mx, expired);
        break;
      case Outcome::Delayed:
        if (!after) {
          after = deferred(job.job, *next + ahead);
          after->recipients.clear();
          after->attempts = attempts;
          after->last_attempt = now;
          after->last_reply = disposition.reply;
          after->last_remote = facts.mx;
          after->delay_notified = job.job.delay_notified || notice;
        }
        after->recipients.push_back(recipient);
        if (notice) notifications.delayed(recipient, disposition, facts.mx);
        break;
    }
  }
  if (after) {
    change->replaced.push_back({job.job, *after});
  } else {
    change->removed.push_back(job.job);
  }
  change->enqueued =
      notifications.build(job.message->content(), [&] { return worker.next_id(now); });

  const auto stored = [&worker, change, before = job.job, after] {
    for (const queue::Change::Enqueued& report : change->enqueued) {
      auto message = std::make_shared<OutgoingMessage>(report.message, worker.relay().admission);
      for (const queue::Job& dsn : report.jobs) {
        if (worker.relay().active.claim(dsn.ref)) dispatch(worker, {dsn, message});
      }
    }
    release(worker, before, after);
  };
  if (after) {
    commit_until_done(worker, change, stored, again_when_due(worker, job.job, after->due));
  } else {
    commit_until_done(worker, change, stored);
  }
}

}  // namespace signpost::relay
