#include "delivery/settler.h"

#include "base/random.h"
#include "delivery/outgoing_message.h"
#include "delivery/provider.h"
#include "relay/route.h"

#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kAskAgain{1};  // after the store refused a change
constexpr std::chrono::hours kUnreadable{1};  // until a message that cannot be read is tried again

// A settlement's change is about one job.
const queue::Job& job_before(const queue::Change& change) {
  return change.removed.empty() ? change.replaced.front().before : change.removed.front();
}
const queue::Job* job_after(const queue::Change& change) {
  return change.replaced.empty() ? nullptr : &change.replaced.front().after;
}

}  // namespace

// One settlement under way.
struct Settler::Work {
  const queue::Envelope& envelope() const {
    return pending.message ? pending.message->envelope() : *stored_envelope;
  }

  PendingJob pending;
  std::vector<Disposition> dispositions;
  AttemptFacts facts;
  std::shared_ptr<const relay::Settings> settings;
  std::optional<Settlement> settlement;
  bool check_route = false;
  // When the message is not in memory.
  Result<queue::Envelope> stored_envelope = fail(Errc::NotFound, "not read");
  Result<std::string> content = fail(Errc::NotFound, "not read");
};

void Settler::settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts) {
  auto work = std::make_shared<Work>();
  work->pending = std::move(job);
  work->dispositions = std::move(dispositions);
  work->facts = std::move(facts);
  begin(std::move(work));
}

void Settler::settle_untaken(PendingJob job, const Disposition& why, AttemptFacts facts) {
  auto work = std::make_shared<Work>();
  work->pending = std::move(job);
  work->dispositions.assign(work->pending.job.recipients.size(), why);
  work->facts = std::move(facts);
  work->check_route = true;
  begin(std::move(work));
}

void Settler::begin(std::shared_ptr<Work> work) {
  work->settings = context_.settings;
  if (work->pending.message) {
    decide(work);
  } else {
    read_envelope(std::move(work));
  }
}

void Settler::read_envelope(std::shared_ptr<Work> work) {
  context_.loop.run_blocking(
      [work, &store = context_.store] {
        work->stored_envelope = store.envelope(work->pending.job.ref.id);
      },
      [this, work] {
        if (work->stored_envelope) {
          decide(work);
          return;
        }
        context_.events.emit(relay::events::MessageUnreadable{
            .id = work->pending.job.ref.id.text(), .detail = work->stored_envelope.error().detail});
        put_off(std::move(work->pending), kUnreadable);
      });
}

void Settler::decide(const std::shared_ptr<Work>& work) {
  if (work->check_route) {
    const queue::Lane& lane = work->pending.job.lane;
    std::string route =
        relay::sender_route(*work->settings->config, work->envelope().reverse_path, lane.domain);
    if (route != lane.route) {
      move(std::move(work->pending), std::move(route));
      return;
    }
  }
  work->settlement.emplace(delivery::settle(
      work->pending.job, work->envelope(), std::move(work->dispositions), work->facts,
      *work->settings,
      {context_.clock.system_now(), context_.clock.schedule_now(), Random::local().fraction()}));
  if (!work->settlement->changed) {
    release(work->pending.job);
    return;
  }
  emit_outcomes(*work);
  if (!work->settlement->notifications.needs_content()) {
    store(work, {});
  } else if (work->pending.message) {
    store(work, work->pending.message->content());
  } else {
    read_content(work);
  }
}

void Settler::read_content(std::shared_ptr<Work> work) {
  context_.loop.run_blocking(
      [work, &store = context_.store] { work->content = store.content(work->pending.job.ref.id); },
      [this, work] {
        // A report without the header section of its message is better than none.
        store(work, work->content ? std::string_view(*work->content) : std::string_view());
      });
}

// One event per recipient: the answer to "where is my mail?".
void Settler::emit_outcomes(const Work& work) const {
  namespace events = relay::events;
  const queue::Job& job = work.pending.job;
  const queue::Envelope& envelope = work.envelope();
  const AttemptFacts& facts = work.facts;
  const Settlement& settlement = *work.settlement;
  const std::string id = envelope.id.text();
  const auto age = context_.clock.system_now() - envelope.received;
  for (std::size_t i = 0; i < settlement.recipients.size(); ++i) {
    const RecipientSettlement& part = settlement.recipients[i];
    const std::string reply = part.disposition.reply.one_line();
    const events::RecipientOutcome outcome{
        .id = id,
        .session = facts.session,
        .user = envelope.login,
        .from = envelope.reverse_path,
        .to = job.recipients[i].mailbox,
        .size = envelope.size,
        .mx = facts.mx,
        .address = facts.address,
        .tls = facts.tls,
        .reply = reply,
        .reply_class = class_of(part.disposition),
        .provider = relay::kProviders[facts.provider],
        .attempt = job.attempts + (facts.attempted ? 1u : 0u),
        .delay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(age).count(),
        .dkim = facts.dkim,
        .attempted = facts.attempted};
    switch (part.disposition.outcome) {
      case Outcome::Delivered:
        context_.events.emit(events::Delivered{outcome});
        break;
      case Outcome::Delayed:
        if (facts.attempted) {
          context_.events.emit(events::Deferred{outcome, settlement.next_attempt});
        }
        break;
      case Outcome::Failed:
        if (part.expired) {
          context_.events.emit(events::Expired{outcome});
        } else {
          context_.events.emit(events::Bounced{outcome});
        }
        break;
    }
  }
  for (const Notifications::Dropped& dropped : settlement.notifications.dropped()) {
    context_.events.emit(events::NotificationDropped{.id = id,
                                                     .to = dropped.recipient,
                                                     .action = message::action_text(dropped.action),
                                                     .reason = relay::DropReason::NullSender,
                                                     .detail = "null reverse-path"});
  }
}

void Settler::store(const std::shared_ptr<Work>& work, std::string_view content) {
  auto change = std::make_shared<queue::Change>();
  const SystemTime now = context_.clock.system_now();
  auto reports =
      work->settlement->notifications.build(content, [&] { return context_.ids.next(now); });
  std::vector<message::Action> actions;
  for (Notifications::Report& report : reports) {
    actions.push_back(report.action);
    // Before it is stored, so that no reader of its lane claims it first.
    for (const queue::Job& one : report.enqueued.jobs) (void)context_.store.claims().take(one.ref);
    change->enqueued.push_back(std::move(report.enqueued));
  }
  queue::Job& job = work->pending.job;
  if (work->settlement->after) {
    change->replaced.push_back({std::move(job), std::move(*work->settlement->after)});
  } else {
    change->removed.push_back(std::move(job));
  }
  commit(change, [this, change = change.get(), actions = std::move(actions)] {
    for (std::size_t i = 0; i < change->enqueued.size(); ++i) {
      const queue::Change::Enqueued& report = change->enqueued[i];
      context_.events.emit(
          relay::events::Notification{.id = report.message->envelope.id.text(),
                                      .about = job_before(*change).ref.id.text(),
                                      .to = report.jobs.front().recipients.front().mailbox,
                                      .action = message::action_text(actions[i])});
      listener_.reported(report.message, report.jobs);
    }
  });
}

void Settler::replace(queue::Job before, queue::Job after) {
  ++after.ref.revision;
  auto change = std::make_shared<queue::Change>();
  change->replaced.push_back({std::move(before), std::move(after)});
  commit(std::move(change), [] {});
}

void Settler::put_off(PendingJob job, std::chrono::seconds delay) {
  queue::Job after = job.job;
  after.due = context_.clock.schedule_now() + delay;
  replace(std::move(job.job), std::move(after));
}

void Settler::move(PendingJob job, std::string route) {
  context_.events.emit(relay::events::Moved{.id = job.job.ref.id.text(),
                                            .domain = job.job.lane.domain,
                                            .from_route = job.job.lane.route,
                                            .to_route = route});
  queue::Job after = job.job;
  after.lane.route = std::move(route);
  replace(std::move(job.job), std::move(after));
}

void Settler::end_claim(const queue::Job& before) {
  if (before.state == queue::JobState::Deferred) counts_.deferred.fetch_sub(1);
  context_.store.claims().release(before.ref);
}

void Settler::release(const queue::Job& job) {
  end_claim(job);
  listener_.waits(job);
}

void Settler::commit(std::shared_ptr<const queue::Change> change, std::function<void()> stored) {
  context_.commits.add(change, relay::TurnCommits::Awaited::No,
                       [this, change, stored = std::move(stored)](bool done) mutable {
                         if (done) {
                           stored();
                           end_claim(job_before(*change));
                           if (const queue::Job* after = job_after(*change))
                             listener_.waits(*after);
                           return;
                         }
                         context_.timers.after(kAskAgain, [this, change = std::move(change),
                                                           stored = std::move(stored)]() mutable {
                           again(std::move(change), std::move(stored));
                         });
                       });
}

// A disk that cannot be written does not stop delivery: a job whose new due time could not be
// stored before it came waits as it is stored. That attempt is not counted.
void Settler::again(std::shared_ptr<const queue::Change> change, std::function<void()> stored) {
  const queue::Job* const after = job_after(*change);
  if (after == nullptr || context_.clock.schedule_now() < after->due) {
    commit(std::move(change), std::move(stored));
    return;
  }
  for (const queue::Change::Enqueued& report : change->enqueued) {
    for (const queue::Job& one : report.jobs) context_.store.claims().release(one.ref);
  }
  release(job_before(*change));
}

}  // namespace signpost::delivery
