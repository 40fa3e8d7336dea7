#include "admin/queue_control.h"

#include "base/check.h"
#include "base/clock.h"
#include "delivery/message_age.h"
#include "queue/job_match.h"
#include "relay/events.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <optional>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::size_t kPage = 256;                // jobs changed at a time
constexpr std::size_t kSummaryJobs = 10'000;      // of one answer
constexpr std::chrono::milliseconds kLong{1000};  // for one call, roughly

std::string_view state_text(queue::JobState state) {
  switch (state) {
    case queue::JobState::Ready:
      return "ready";
    case queue::JobState::Deferred:
      return "deferred";
    case queue::JobState::Held:
      return "held";
  }
  return "";
}

// Held for its sender, who asked for a later time (FUTURERELEASE). That one was released by hand
// shows in its due time.
bool is_scheduled(const queue::Job& job, const queue::Envelope& envelope, SystemTime now) {
  return job.state == queue::JobState::Deferred && job.attempts == 0 && job.due > now &&
         envelope.release > now;
}

// What an action makes of a job.
struct Outcome {
  bool meant = true;                // else it is left as it is
  bool removed = false;             // it goes as a whole
  std::optional<queue::Job> after;  // nothing, unless removed: it stays
};

queue::Job in_state(queue::Job job, queue::JobState state, SystemTime due) {
  ++job.ref.revision;
  job.state = state;
  job.due = due;
  return job;
}

// The job without the recipients that `wanted` selects; nothing if none is left.
std::optional<queue::Job> without(const queue::Job& job, const queue::JobFilter& wanted) {
  queue::Job after = job;
  ++after.ref.revision;
  std::erase_if(after.recipients, [&](const queue::Recipient& recipient) {
    return queue::recipient_matches(wanted, recipient);
  });
  if (after.recipients.empty()) return std::nullopt;
  return after;
}

std::size_t count_meant(const queue::Job& job, const queue::JobFilter& wanted) {
  return static_cast<std::size_t>(std::ranges::count_if(
      job.recipients, [&](const auto& each) { return queue::recipient_matches(wanted, each); }));
}

Outcome outcome_of(QueueControl::Action action, const queue::Job& job,
                   const queue::Envelope& envelope, const queue::JobFilter& wanted,
                   SystemTime now) {
  using enum QueueControl::Action;
  const bool held = job.state == queue::JobState::Held;
  switch (action) {
    case Retry:
      if (held || is_scheduled(job, envelope, now)) return {.meant = false, .after = {}};
      if (job.due <= now) return {.after = {}};
      return {.after = in_state(job, queue::JobState::Deferred, now)};
    case Hold:
      if (held) return {.meant = false, .after = {}};
      return {.after = in_state(job, queue::JobState::Held, job.due)};
    case Release:
      if (is_scheduled(job, envelope, now)) {
        return {.after = in_state(job, queue::JobState::Deferred, now)};
      }
      if (!held) return {.meant = false, .after = {}};
      return {.after = in_state(job, queue::JobState::Deferred, std::max(now, envelope.release))};
    case Remove:
      break;
  }
  auto left = without(job, wanted);
  return {.removed = !left, .after = std::move(left)};
}

const queue::Envelope& envelope_of(const std::vector<queue::QueuedJob>& found,
                                   const queue::MessageId& id) {
  const auto message =
      std::ranges::find(found, id, [](const queue::QueuedJob& each) { return each.envelope.id; });
  CHECK(message != found.end());
  return message->envelope;
}

void emit_removed(const queue::Job& job, const queue::JobFilter& wanted, std::string_view by) {
  const std::string id = job.ref.id.text();
  for (const queue::Recipient& recipient : job.recipients) {
    if (!queue::recipient_matches(wanted, recipient)) continue;
    const std::string to = recipient.mailbox.text();
    log::emit(relay::events::Removed{.id = id, .to = to, .domain = job.lane.domain, .by = by});
  }
}

void emit_changed(QueueControl::Action action, const queue::Job& job,
                  const queue::JobFilter& wanted, std::string_view by) {
  using enum QueueControl::Action;
  const std::string id = job.ref.id.text();
  const std::string_view domain = job.lane.domain;
  switch (action) {
    case Retry:
      return log::emit(relay::events::Retried{.id = id, .domain = domain, .by = by});
    case Hold:
      return log::emit(relay::events::Held{.id = id, .domain = domain, .by = by});
    case Release:
      return log::emit(relay::events::Released{.id = id, .domain = domain, .by = by});
    case Remove:
      return emit_removed(job, wanted, by);
  }
}

}  // namespace

std::string_view QueueControl::state_of(const queue::QueuedJob& queued) const {
  const queue::Job& job = queued.job;
  if (services_.store.claims().is_active(job.ref)) return "active";
  if (is_scheduled(job, queued.envelope, schedule_now())) return "scheduled";
  return state_text(services_.store.state_now(job));
}

std::optional<smtp::Reply> QueueControl::obstacle(const queue::Job& job) const {
  if (job.state == queue::JobState::Held) return std::nullopt;
  auto why = services_.delivery.scheduler.obstacle(job.lane);
  if (!why) return std::nullopt;
  return std::move(why->reply);
}

// In steps, each of a bounded number of rows, so that the time is looked at.
Result<QueueControl::Found> QueueControl::find(const QueueFilter& filter, const queue::Cursor& from,
                                               std::size_t limit, SteadyTime until) const {
  Found found;
  found.next = from;
  do {
    auto read = services_.store.jobs(filter.jobs, found.next, limit - found.jobs.size());
    if (!read) return Failure(std::move(read).error());
    std::ranges::copy_if(std::make_move_iterator(read->jobs.begin()),
                         std::make_move_iterator(read->jobs.end()), std::back_inserter(found.jobs),
                         [&](const queue::QueuedJob& each) {
                           return filter.state.empty() || state_of(each) == filter.state;
                         });
    found.next = read->end ? queue::Cursor() : std::move(read->next);
  } while (!found.next.empty() && found.jobs.size() < limit &&
           std::chrono::steady_clock::now() < until);
  return found;
}

Result<QueueControl::Page> QueueControl::list(const QueueFilter& filter, const queue::Cursor& from,
                                              std::size_t limit) {
  auto found = find(filter, from, limit, std::chrono::steady_clock::now() + kLong);
  if (!found) return Failure(std::move(found).error());
  const auto settings = services_.settings.get();
  Page page;
  page.next = std::move(found->next);
  for (queue::QueuedJob& each : found->jobs) {
    const std::string_view state = state_of(each);
    const auto waits_for = obstacle(each.job);
    std::ranges::stable_partition(each.job.recipients, [&](const queue::Recipient& recipient) {
      return queue::recipient_matches(filter.jobs, recipient);
    });
    std::optional<SystemTime> expires;
    if (each.job.state != queue::JobState::Held) {
      expires = delivery::give_up_time(each.envelope, settings->retry);
    }
    page.entries.push_back({std::move(each.job), std::move(each.envelope), state,
                            waits_for ? waits_for->one_line() : "", expires});
  }
  return page;
}

Result<std::vector<QueueEntry>> QueueControl::show(const queue::MessageId& id) {
  QueueFilter filter;
  filter.jobs.id = id;
  std::vector<QueueEntry> entries;
  queue::Cursor from;
  do {
    auto page = list(filter, from, kPage);
    if (!page) return Failure(std::move(page).error());
    std::ranges::move(page->entries, std::back_inserter(entries));
    from = std::move(page->next);
  } while (!from.empty());
  if (entries.empty()) return fail(Errc::NotFound, "no message " + id.text() + " is queued");
  return entries;
}

Result<QueueSummary> QueueControl::sum_up(const QueueFilter& filter, const queue::Cursor& from) {
  QueueSummary summary;
  summary.next = from;
  const SteadyTime until = std::chrono::steady_clock::now() + kLong;
  do {
    auto found = find(filter, summary.next, kPage, until);
    if (!found) return Failure(std::move(found).error());
    for (const queue::QueuedJob& each : found->jobs) {
      const queue::Job& job = each.job;
      const bool replied = job.last_reply != smtp::Reply{};
      const auto waits_for = replied ? std::nullopt : obstacle(job);
      summary.add(each, count_meant(job, filter.jobs), state_of(each),
                  services_.delivery.scheduler.site_of(job.lane),
                  waits_for ? *waits_for : job.last_reply);
    }
    summary.next = std::move(found->next);
  } while (!summary.next.empty() && summary.all.jobs < kSummaryJobs &&
           std::chrono::steady_clock::now() < until);
  return summary;
}

Result<QueueControl::Changed> QueueControl::apply(Action action, const QueueFilter& filter,
                                                  const queue::Cursor& from, std::string_view by) {
  QueueFilter meant = filter;
  const SteadyTime until = std::chrono::steady_clock::now() + kLong;
  Changed counts;
  counts.next = from;
  do {
    if (services_.draining.load()) {
      return fail(Errc::Unavailable, "the relay is stopping: not all of the queue was looked at");
    }
    auto found = find(meant, counts.next, kPage, until);
    if (!found) return Failure(std::move(found).error());
    if (action == Action::Release) {
      std::erase_if(found->jobs, [&](const queue::QueuedJob& each) {
        return each.job.state != queue::JobState::Held &&
               !is_scheduled(each.job, each.envelope, schedule_now());
      });
    }
    counts.matched += found->jobs.size();
    if (auto changed = change(action, found->jobs, meant.jobs, by, counts); !changed) {
      return Failure(std::move(changed).error());
    }
    counts.next = std::move(found->next);
  } while (!counts.next.empty() && std::chrono::steady_clock::now() < until);
  return counts;
}

// All jobs but those with a receiver or being settled. Those waiting in a line are taken out of it.
std::vector<queue::Job> QueueControl::claim(const std::vector<queue::QueuedJob>& found,
                                            Changed& counts) {
  std::vector<queue::Job> claimed;
  std::vector<queue::Job> taken;  // by others
  for (const queue::QueuedJob& entry : found) {
    auto stored = services_.store.claim(entry.job.ref);
    if (stored && *stored) {
      claimed.push_back(std::move(**stored));
    } else if (services_.store.claims().contains(entry.job.ref)) {
      taken.push_back(entry.job);
    }  // else it is gone since the listing
  }
  std::vector<queue::Job> withdrawn = services_.delivery.withdraw(taken);
  counts.busy += taken.size() - withdrawn.size();
  std::ranges::move(withdrawn, std::back_inserter(claimed));
  return claimed;
}

Result<void> QueueControl::change(Action action, const std::vector<queue::QueuedJob>& found,
                                  const queue::JobFilter& wanted, std::string_view by,
                                  Changed& counts) {
  queue::Change change;
  std::vector<queue::Job> afterwards;  // as the store will hold them
  std::vector<queue::Job> meant;
  const SystemTime now = schedule_now();
  const std::vector<queue::Job> claimed = claim(found, counts);
  for (const queue::Job& job : claimed) {
    Outcome outcome = outcome_of(action, job, envelope_of(found, job.ref.id), wanted, now);
    if (outcome.meant) {
      meant.push_back(job);
    } else if (action == Action::Retry) {
      ++counts.held;
    }
    if (outcome.removed) {
      change.removed.push_back(job);
      continue;
    }
    afterwards.push_back(outcome.after ? *outcome.after : job);
    if (outcome.after) change.replaced.push_back({job, std::move(*outcome.after)});
  }
  Result<void> result;
  if (!change.empty()) result = commit(std::move(change));
  for (const queue::Job& job : claimed) services_.store.claims().release(job.ref);
  // Delivery may have skipped them while we held their claims.
  services_.delivery.returned(result ? afterwards : claimed);
  if (!result) return result;
  counts.changed += meant.size();
  for (const queue::Job& job : meant) {
    const std::size_t recipients = count_meant(job, wanted);
    counts.recipients += recipients;
    counts.others += job.recipients.size() - recipients;
    if (action == Action::Remove) removed_.add(recipients);
    emit_changed(action, job, wanted, by);
  }
  if (action != Action::Retry) return result;
  std::vector<queue::Lane> lanes;
  lanes.reserve(found.size());
  for (const queue::QueuedJob& each : found) lanes.push_back(each.job.lane);
  services_.delivery.forgive(std::move(lanes));
  return result;
}

Result<void> QueueControl::commit(queue::Change change) {
  std::promise<Result<void>> stored;
  services_.committer.commit(
      std::move(change), [&stored](Result<void> result) { stored.set_value(std::move(result)); });
  return stored.get_future().get();
}

}  // namespace signpost::admin
