#include "admin/queue_control.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/clock.h"
#include "delivery/disposition.h"
#include "delivery/message_age.h"
#include "net/address.h"
#include "queue/job_match.h"
#include "relay/events.h"
#include "relay/recipient_limits.h"
#include "relay/redirect.h"

#include <fmt/format.h>

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
constexpr std::string_view kBounced = "the administrators of this relay have given it up";

std::string no_such_route(const config::Config& config, const std::string& via) {
  std::string known;
  for (const config::RouteConfig& route : config.routes) {
    if (!route.mx) known.append(route.via).append(", ");
  }
  return fmt::format("no [[route]] has via = \"{}\"; there are: {}{}", ascii::printable(via), known,
                     relay::kViaMx);
}

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
    case Bounce:    // see QueueControl::bounce()
    case Redirect:  // see redirected()
      break;
  }
  auto left = without(job, wanted);
  return {.removed = !left, .after = std::move(left)};
}

// What a redirection, or its end, makes of a job.
Outcome redirected(std::string_view via, const queue::Job& job, const queue::Envelope& envelope,
                   const config::Config& config, SystemTime now) {
  if (via.empty() && !relay::is_redirected(job.lane.route)) return {.meant = false, .after = {}};
  std::string route =
      via.empty()
          ? relay::sender_route(config, {envelope.login, envelope.reverse_path}, job.lane.domain)
          : relay::redirection_to(via);
  if (route == job.lane.route) return {.after = {}};
  const bool waits =
      job.state == queue::JobState::Held || is_scheduled(job, envelope, now) || job.due <= now;
  queue::Job after =
      waits ? in_state(job, job.state, job.due) : in_state(job, queue::JobState::Deferred, now);
  after.lane.route = std::move(route);
  return {.after = std::move(after)};
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

void emit_changed(const QueueControl::Wish& wish, const queue::Job& job,
                  const queue::JobFilter& wanted, std::string_view by) {
  using enum QueueControl::Action;
  const std::string id = job.ref.id.text();
  const std::string_view domain = job.lane.domain;
  switch (wish.action) {
    case Retry:
      return log::emit(relay::events::Retried{.id = id, .domain = domain, .by = by});
    case Hold:
      return log::emit(relay::events::Held{.id = id, .domain = domain, .by = by});
    case Release:
      return log::emit(relay::events::Released{.id = id, .domain = domain, .by = by});
    case Remove:
      return emit_removed(job, wanted, by);
    case Bounce:
      return log::emit(
          relay::events::GivenUp{.id = id, .domain = domain, .reason = wish.reason, .by = by});
    case Redirect:
      return log::emit(
          relay::events::Redirected{.id = id, .domain = domain, .to_route = wish.via, .by = by});
  }
}

// One for each recipient: those that are not meant stay, with their schedule.
std::vector<delivery::Disposition> dispositions_of(const queue::Job& job,
                                                   const queue::JobFilter& wanted,
                                                   const std::string& reason) {
  using delivery::Outcome;
  std::vector<delivery::Disposition> dispositions;
  dispositions.reserve(job.recipients.size());
  for (const queue::Recipient& recipient : job.recipients) {
    const bool meant = queue::recipient_matches(wanted, recipient);
    dispositions.push_back(meant ? delivery::local(Outcome::Failed, {5, 0, 0}, reason)
                                 : delivery::Disposition{Outcome::Delayed, job.last_reply});
  }
  return dispositions;
}

}  // namespace

std::string_view QueueControl::state_of(const queue::QueuedJob& queued) const {
  const queue::Job& job = queued.job;
  if (services_.store.claims().is_active(job.ref)) return "active";
  if (is_scheduled(job, queued.envelope, services_.clock.schedule_now())) return "scheduled";
  return state_text(services_.store.state_now(job));
}

std::optional<smtp::Reply> QueueControl::obstacle(const queue::Job& job) const {
  if (job.state == queue::JobState::Held) return std::nullopt;
  auto why = services_.delivery.scheduler.obstacle(job.lane);
  if (!why) return std::nullopt;
  return std::move(why->reply);
}

bool QueueControl::selects(const QueueFilter& filter, const queue::QueuedJob& queued,
                           const relay::Settings& settings) const {
  if (!filter.state.empty() && state_of(queued) != filter.state) return false;
  if (filter.tenant.empty()) return true;
  const auto client = net::IpAddress::parse(queued.envelope.peer);
  const config::TenantConfig* const tenant =
      relay::tenant_of({.config = *settings.config,
                        .users = settings.users.get(),
                        .login = queued.envelope.login,
                        .client = client.value_or(net::IpAddress())});
  return tenant != nullptr && tenant->name == filter.tenant;
}

// After a restart nothing has looked up mail that is not due yet: the DNS is asked for it.
void QueueControl::find_pauses(std::vector<QueueEntry>& entries) const {
  const delivery::Scheduler& scheduler = services_.delivery.scheduler;
  if (scheduler.figures().paused == 0) return;
  std::vector<queue::Lane> lanes;
  std::vector<QueueEntry*> unexplained;
  for (QueueEntry& each : entries) {
    if (!each.waits_for.empty() || each.job.state == queue::JobState::Held) continue;
    lanes.push_back(each.job.lane);
    unexplained.push_back(&each);
  }
  const auto names = SiteNames(services_).of_lanes(lanes);
  if (!names) return;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto pause = scheduler.pause_of((*names)[i]);
    if (pause) unexplained[i]->waits_for = delivery::of_pause(*pause).reply.one_line();
  }
}

// In steps, each of a bounded number of rows, so that the time is looked at.
Result<QueueControl::Found> QueueControl::find(const QueueFilter& filter, SiteFilter& sites,
                                               const queue::Cursor& from, std::size_t limit,
                                               SteadyTime until) const {
  Found found;
  found.next = from;
  const auto settings = services_.settings.get();
  do {
    auto read = services_.store.jobs(filter.jobs, found.next, limit - found.jobs.size());
    if (!read) return Failure(std::move(read).error());
    std::erase_if(read->jobs,
                  [&](const queue::QueuedJob& each) { return !selects(filter, each, *settings); });
    if (auto applied = sites.apply(read->jobs); !applied) {
      return Failure(std::move(applied).error());
    }
    std::ranges::move(read->jobs, std::back_inserter(found.jobs));
    found.next = read->end ? queue::Cursor() : std::move(read->next);
  } while (!found.next.empty() && found.jobs.size() < limit &&
           services_.clock.steady_now() < until);
  return found;
}

Result<QueueControl::Page> QueueControl::list(const QueueFilter& filter, const queue::Cursor& from,
                                              std::size_t limit) {
  auto sites = SiteFilter::create(services_, filter.site);
  if (!sites) return Failure(std::move(sites).error());
  auto found = find(filter, *sites, from, limit, services_.clock.steady_now() + kLong);
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
  const bool particular = filter.jobs.id || (filter.jobs.to && filter.jobs.to->names_mailbox());
  if (particular) find_pauses(page.entries);
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
  auto sites = SiteFilter::create(services_, filter.site);
  if (!sites) return Failure(std::move(sites).error());
  QueueSummary summary;
  summary.next = from;
  const SteadyTime until = services_.clock.steady_now() + kLong;
  do {
    auto found = find(filter, *sites, summary.next, kPage, until);
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
           services_.clock.steady_now() < until);
  return summary;
}

Result<QueueControl::Changed> QueueControl::apply(const Wish& wish, const QueueFilter& filter,
                                                  const queue::Cursor& from, std::string_view by) {
  const Action action = wish.action;
  if (!wish.via.empty() && !relay::has_way(*services_.settings.get()->config, wish.via)) {
    return fail(Errc::InvalidArgument, no_such_route(*services_.settings.get()->config, wish.via));
  }
  auto sites = SiteFilter::create(services_, filter.site);
  if (!sites) return Failure(std::move(sites).error());
  const SteadyTime until = services_.clock.steady_now() + kLong;
  Changed counts;
  counts.next = from;
  do {
    if (services_.draining.load()) {
      return fail(Errc::Unavailable, "the relay is stopping: not all of the queue was looked at");
    }
    auto found = find(filter, *sites, counts.next, kPage, until);
    if (!found) return Failure(std::move(found).error());
    if (action == Action::Release) {
      std::erase_if(found->jobs, [&](const queue::QueuedJob& each) {
        return each.job.state != queue::JobState::Held &&
               !is_scheduled(each.job, each.envelope, services_.clock.schedule_now());
      });
    }
    counts.matched += found->jobs.size();
    auto changed = action == Action::Bounce ? bounce(wish, found->jobs, filter.jobs, by, counts)
                                            : change(wish, found->jobs, filter.jobs, by, counts);
    if (!changed) return Failure(std::move(changed).error());
    counts.next = std::move(found->next);
  } while (!counts.next.empty() && services_.clock.steady_now() < until);
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

// What the settler does with them, their sender's notification among it, is as if their receiver
// had refused them.
Result<void> QueueControl::bounce(const Wish& wish, const std::vector<queue::QueuedJob>& found,
                                  const queue::JobFilter& wanted, std::string_view by,
                                  Changed& counts) {
  const std::string reason = wish.reason.empty() ? std::string(kBounced) : wish.reason;
  std::vector<delivery::SharedDelivery::Ended> ended;
  for (queue::Job& job : claim(found, counts)) {
    const std::size_t recipients = count_meant(job, wanted);
    if (recipients == 0) {  // they have left the queue since the listing
      services_.store.claims().release(job.ref);
      services_.delivery.returned({std::move(job)});
      continue;
    }
    ++counts.changed;
    counts.recipients += recipients;
    counts.others += job.recipients.size() - recipients;
    emit_changed(wish, job, wanted, by);
    std::vector<delivery::Disposition> dispositions = dispositions_of(job, wanted, reason);
    ended.push_back({std::move(job), std::move(dispositions)});
  }
  if (services_.delivery.end(std::move(ended))) return {};
  return fail(Errc::Unavailable,
              "the queue is not written at the moment; what was begun is finished later");
}

Result<void> QueueControl::change(const Wish& wish, const std::vector<queue::QueuedJob>& found,
                                  const queue::JobFilter& wanted, std::string_view by,
                                  Changed& counts) {
  const Action action = wish.action;
  const auto settings = services_.settings.get();
  queue::Change change;
  std::vector<queue::Job> afterwards;  // as the store will hold them
  std::vector<queue::Job> meant;
  const SystemTime now = services_.clock.schedule_now();
  const std::vector<queue::Job> claimed = claim(found, counts);
  for (const queue::Job& job : claimed) {
    const queue::Envelope& envelope = envelope_of(found, job.ref.id);
    Outcome outcome = action == Action::Redirect
                          ? redirected(wish.via, job, envelope, *settings->config, now)
                          : outcome_of(action, job, envelope, wanted, now);
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
    emit_changed(wish, job, wanted, by);
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
