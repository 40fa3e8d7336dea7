#include "delivery/settler.h"

#include "delivery/outcome_events.h"
#include "delivery/outgoing_message.h"
#include "mta_sts/discovery.h"
#include "relay/redirect.h"
#include "relay/source_pool.h"
#include "tlsrpt/collector.h"
#include "tlsrpt/report_mail.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

namespace {

constexpr std::chrono::seconds kAskAgain{1};  // after the store refused a change
constexpr std::chrono::hours kUnreadable{1};  // until a message that cannot be read is tried again

// A settlement's change is about jobs of one message.
const queue::Job& first_job(const queue::Change& change) {
  return change.removed.empty() ? change.replaced.front().before : change.removed.front();
}

bool all_delivered(const std::vector<Disposition>& dispositions) {
  return std::ranges::all_of(
      dispositions, [](const Disposition& each) { return each.outcome == Outcome::Delivered; });
}

}  // namespace

// One settlement under way.
struct Settler::Work {
  const queue::Envelope& envelope() const {
    return pending.message ? pending.message->envelope() : *stored_envelope;
  }

  // Only the envelope of the message is needed from here on.
  void leave_content() {
    if (pending.message) stored_envelope = pending.message->envelope();
    pending.message.reset();
    content = std::string();
  }

  PendingJob pending;
  std::vector<Disposition> dispositions;
  AttemptFacts facts;
  std::shared_ptr<const relay::Settings> settings;
  std::optional<Settlement> settlement;
  bool check_route = false;
  SystemTime decided{};
  std::shared_ptr<void> under_way;    // see settle()
  bool awaited = false;               // at the desk
  std::function<void()> when_stored;  // instead of the end of the claim
  // When the message is not in memory.
  Result<queue::Envelope> stored_envelope = fail(Errc::NotFound, "not read");
  Result<std::string> content = fail(Errc::NotFound, "not read");
};

// A change on its way into the store.
struct Settler::Commit {
  std::shared_ptr<const queue::Change> change;
  std::function<void()> stored;
  std::size_t awaited = 0;  // of its jobs, at the desk
  // Offered until it is stored: what it records has happened, and must not happen again.
  bool final = false;
};

void Settler::settle(PendingJob job, std::vector<Disposition> dispositions, AttemptFacts facts,
                     std::shared_ptr<void> under_way) {
  auto work = std::make_shared<Work>();
  work->pending = std::move(job);
  work->dispositions = std::move(dispositions);
  work->facts = std::move(facts);
  work->under_way = std::move(under_way);
  begin(work);
}

void Settler::settle_untaken(PendingJob job, const Disposition& why, AttemptFacts facts) {
  auto work = std::make_shared<Work>();
  work->pending = std::move(job);
  work->dispositions.assign(work->pending.job.recipients.size(), why);
  work->facts = std::move(facts);
  work->check_route = true;
  begin(work);
}

void Settler::begin(const std::shared_ptr<Work>& work) {
  work->settings = context_.settings;
  if (work->pending.message) {
    decide(work);
  } else {
    read_envelope(work);
  }
}

void Settler::read_envelope(const std::shared_ptr<Work>& work) {
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
    const queue::Envelope& envelope = work->envelope();
    std::string route = relay::route_in_force(*work->settings->config,
                                              {envelope.login, envelope.reverse_path}, lane);
    if (route != lane.route) {
      move(std::move(work->pending), std::move(route));
      return;
    }
  }
  const bool one_of_several = work->envelope().job_count > 1;
  // Work that waits for others waits without the content.
  if (one_of_several && work->pending.message && !all_delivered(work->dispositions)) {
    work->stored_envelope = work->envelope();
    work->pending.message.reset();
  }
  work->decided = context_.clock.system_now();
  work->settlement.emplace(delivery::settle(
      work->pending.job, work->envelope(), std::move(work->dispositions), work->facts,
      *work->settings, {work->decided, context_.clock.schedule_now(), context_.random.fraction()}));
  if (!work->settlement->changed) {
    release(work->pending.job);
    return;
  }
  // The rest of an unfinished attempt waits for no report.
  if (one_of_several && !work->facts.unfinished && work->settlement->notifications.any_trouble()) {
    await_others(work);
  } else {
    finish({work});
  }
}

// Reports --------------------------------------------------------------------------------------

// Meanwhile its jobs are active, and operators see them as such: no command reaches them.
void Settler::await_others(const std::shared_ptr<Work>& work) {
  ++reporting_;
  context_.store.claims().set_active(work->pending.job.ref, true);
  const auto& recipients = work->settlement->recipients;
  const bool some_delivered = std::ranges::any_of(recipients, [](const RecipientSettlement& each) {
    return each.disposition.outcome == Outcome::Delivered;
  });
  if (some_delivered) {
    strip_delivered(work);
  } else {
    to_desk(work);
  }
}

// Delivered recipients leave the queue now: they must not be delivered to again after a crash.
void Settler::strip_delivered(const std::shared_ptr<Work>& work) {
  auto part = std::make_shared<Work>();
  part->pending.job = work->pending.job;
  part->settings = work->settings;
  part->facts = work->facts;
  part->decided = work->decided;
  part->stored_envelope = work->stored_envelope;
  queue::Job rest = work->pending.job;
  ++rest.ref.revision;
  rest.recipients.clear();
  std::vector<RecipientSettlement> delivered(work->settlement->recipients.size());
  std::vector<RecipientSettlement> others;
  for (std::size_t i = 0; i < delivered.size(); ++i) {
    RecipientSettlement& each = work->settlement->recipients[i];
    if (each.disposition.outcome == Outcome::Delivered) {
      delivered[i] = std::move(each);
    } else {  // `delivered` says nothing of it: it is not tried again by this change
      others.push_back(std::move(each));
      rest.recipients.push_back(work->pending.job.recipients[i]);
    }
  }
  work->settlement->recipients = std::move(others);
  part->settlement.emplace(
      Settlement{.recipients = std::move(delivered),
                 .after = rest,
                 .next_attempt = std::nullopt,
                 .notifications = work->settlement->notifications.take_relayed()});
  if (work->settlement->after) work->settlement->after->ref.revision = rest.ref.revision + 1;
  part->when_stored = [this, work, rest = std::move(rest)]() mutable {
    work->pending.job = std::move(rest);
    to_desk(work);
  };
  finish({part});
}

void Settler::to_desk(std::shared_ptr<Work> work) {
  const queue::MessageId id = work->pending.job.ref.id;
  listener_.at_desk(id, [work = std::move(work)](Settler& desk) { desk.wait_at_desk(work); });
  --reporting_;  // the desk's settler counts it now, which may be another one
}

void Settler::wait_at_desk(std::shared_ptr<Work> work) {
  work->awaited = true;
  work->under_way.reset();
  ++reporting_;
  if (context_.draining.load(std::memory_order_relaxed) || desk_.full()) {
    finish({work});
    return;
  }
  const queue::MessageId id = work->pending.job.ref.id;
  const std::size_t jobs = work->envelope().job_count;
  const std::size_t recipients = work->pending.job.recipients.size();
  work->settlement->shorten_replies();
  const auto delay = desk_.add(id, std::move(work), recipients);
  if (desk_.waiting(id) >= jobs) {
    report(id);
  } else if (delay) {
    context_.timers.after(*delay, [this, id] { report(id); });
  }
}

void Settler::report(const queue::MessageId& id) {
  Batch batch = desk_.take(id);
  if (!batch.empty()) finish(std::move(batch));
}

void Settler::drain() {
  while (!desk_.empty()) finish(desk_.take_any());
}

// The notifications of all of the batch become those of its first work.
void Settler::finish(Batch batch) {
  Work& first = *batch.front();
  Notifications& notifications = first.settlement->notifications;
  for (std::size_t i = 1; i < batch.size(); ++i) {
    notifications.add(std::move(batch[i]->settlement->notifications));
  }
  const queue::Envelope& envelope = first.envelope();
  notifications.limit([&](message::Action action) {
    return limits_.refuse(envelope, action, first.settings->config->bounces,
                          context_.clock.steady_now());
  });
  if (!notifications.any()) {
    store(batch, {});
  } else if (first.pending.message) {
    store(batch, first.pending.message->content());
  } else {
    read_content(std::move(batch));
  }
}

void Settler::read_content(Batch batch) {
  const std::shared_ptr<Work> first = batch.front();
  context_.loop.run_blocking(
      [first, &store = context_.store] {
        first->content = store.content(first->pending.job.ref.id);
      },
      [this, first, batch = std::move(batch)] {
        // A report without the header section of its message is better than none.
        store(batch, first->content ? std::string_view(*first->content) : std::string_view());
      });
}

void Settler::store(const Batch& batch, std::string_view content) {
  auto change = std::make_shared<queue::Change>();
  const SystemTime now = context_.clock.system_now();
  const Work& first = *batch.front();
  auto reports =
      first.settlement->notifications.build(content, [&] { return context_.ids.next(now); });
  std::vector<message::Action> actions;
  for (Notifications::Report& report : reports) {
    actions.push_back(report.action);
    // Before it is stored, so that no reader of its lane claims it first.
    for (const queue::Job& one : report.enqueued.jobs) (void)context_.store.claims().take(one.ref);
    change->enqueued.push_back(std::move(report.enqueued));
  }
  for (const std::shared_ptr<Work>& work : batch) {
    queue::Job& job = work->pending.job;
    if (work->settlement->after) {
      change->replaced.push_back({std::move(job), std::move(*work->settlement->after)});
    } else {
      change->removed.push_back(std::move(job));
    }
  }
  for (const std::shared_ptr<Work>& work : batch) work->leave_content();
  const std::size_t awaited = first.awaited ? batch.size() : 0;
  const bool final = first.when_stored != nullptr;
  commit({.change = change,
          .stored =
              [this, change, batch, awaited, when_stored = first.when_stored,
               actions = std::move(actions)] {
                emit_stored(batch, *change);
                for (std::size_t i = 0; i < change->enqueued.size(); ++i) {
                  const queue::Change::Enqueued& report = change->enqueued[i];
                  context_.events.emit(relay::events::Notification{
                      .id = report.message->envelope.id.text(),
                      .about = first_job(*change).ref.id.text(),
                      .to = report.jobs.front().recipients.front().mailbox.text(),
                      .action = message::action_text(actions[i])});
                  listener_.reported(report.message, report.jobs);
                }
                reporting_ -= awaited;
                if (when_stored) {
                  when_stored();
                } else {
                  end_claims(*change);
                }
              },
          .awaited = awaited,
          .final = final});
}

// Outcomes are reported once they are certain to last: a recipient counted as given up or delivered
// is no longer queued, and a crash repeats no event.
void Settler::emit_stored(const Batch& batch, const queue::Change& change) {
  auto removed = change.removed.begin();
  auto replaced = change.replaced.begin();
  for (const std::shared_ptr<Work>& work : batch) {
    const queue::Job& job = work->settlement->after ? (replaced++)->before : *removed++;
    const auto& providers =
        work->facts.providers ? work->facts.providers : work->settings->providers;
    emit_outcomes(context_.events, *providers, job, work->envelope(), work->facts,
                  *work->settlement, work->decided);
    count_tls(job, work->envelope(), work->facts);
  }
  const Work& first = *batch.front();
  emit_dropped(context_.events, first.envelope(), first.settlement->notifications);
}

// RFC 8460 section 3: not of sessions for the reports themselves. A session counts once for each
// domain whose mail it carried.
void Settler::count_tls(const queue::Job& job, const queue::Envelope& envelope,
                        const AttemptFacts& facts) {
  if (context_.tls_reports == nullptr || facts.tls_outcomes.empty()) return;
  if (tlsrpt::is_report(envelope.notification, envelope.message_id)) return;
  const std::string key = facts.session + ' ' + job.lane.domain;
  if (counted_.find(key) != nullptr) return;
  counted_.at(key) = true;
  mta_sts::Finding finding;
  if (context_.mta_sts != nullptr) finding = context_.mta_sts->known(job.lane.domain);
  for (const TlsOutcome& outcome : facts.tls_outcomes) {
    context_.tls_reports->record(session_of(job.lane.domain, finding, outcome));
  }
}

void Settler::replace(queue::Job before, queue::Job after) {
  ++after.ref.revision;
  auto change = std::make_shared<queue::Change>();
  change->replaced.push_back({std::move(before), std::move(after)});
  commit({.change = change, .stored = [this, change] { end_claims(*change); }});
}

void Settler::put_off(PendingJob job, std::chrono::seconds delay) {
  queue::Job after = job.job;
  after.due = context_.clock.schedule_now() + delay;
  replace(std::move(job.job), std::move(after));
}

void Settler::move(PendingJob job, std::string route) {
  context_.events.emit(relay::events::Moved{.id = job.job.ref.id.text(),
                                            .domain = job.job.lane.domain,
                                            .from_route = relay::route_text(job.job.lane.route),
                                            .to_route = relay::route_text(route)});
  queue::Job after = job.job;
  after.lane.route = std::move(route);
  replace(std::move(job.job), std::move(after));
}

void Settler::end_claim(const queue::Job& before) {
  if (before.state == queue::JobState::Deferred) counts_.deferred.fetch_sub(1);
  context_.store.claims().release(before.ref);
}

void Settler::end_claims(const queue::Change& change) {
  for (const queue::Job& job : change.removed) end_claim(job);
  for (const queue::Change::Replaced& each : change.replaced) {
    end_claim(each.before);
    listener_.waits(each.after);
  }
}

void Settler::release(const queue::Job& job) {
  end_claim(job);
  listener_.waits(job);
}

void Settler::commit(Commit work) {
  auto change = work.change;
  context_.commits.add(std::move(change), relay::TurnCommits::Awaited::No,
                       [this, work = std::move(work)](bool done) mutable {
                         if (done) {
                           work.stored();
                           return;
                         }
                         context_.timers.after(kAskAgain, [this, work = std::move(work)]() mutable {
                           again(std::move(work));
                         });
                       });
}

// A disk that cannot be written does not stop delivery: a job whose new due time could not be
// stored before it came waits as it is stored. That attempt is not counted. For others in its
// change, which failed as a whole, the same holds.
void Settler::again(Commit work) {
  const queue::Change& change = *work.change;
  const SystemTime now = context_.clock.schedule_now();
  const bool overtaken = !work.final && std::ranges::any_of(change.replaced, [&](const auto& each) {
    return now >= each.after.due;
  });
  if (!overtaken) {
    commit(std::move(work));
    return;
  }
  for (const queue::Change::Enqueued& report : change.enqueued) {
    for (const queue::Job& one : report.jobs) context_.store.claims().release(one.ref);
  }
  for (const queue::Job& job : change.removed) release(job);
  for (const queue::Change::Replaced& each : change.replaced) release(each.before);
  reporting_ -= work.awaited;
}

}  // namespace signpost::delivery
