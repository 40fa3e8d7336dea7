#include "admin/queue_control.h"

#include "base/clock.h"
#include "queue/job_match.h"
#include "relay/events.h"
#include "smtp/idna.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

namespace signpost::admin {

namespace {

constexpr std::size_t kPage = 256;     // jobs changed at a time
constexpr std::size_t kMaxPages = 64;  // read for one listing

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

queue::JobFilter job_filter(const QueueFilter& filter) {
  queue::JobFilter wanted;
  wanted.id = filter.id;
  (filter.to.contains('@') ? wanted.mailbox : wanted.domain) = smtp::with_a_labels(filter.to);
  wanted.login = filter.user;
  if (filter.from == "<>") {
    wanted.sender = "";
  } else if (!filter.from.empty()) {
    wanted.sender = smtp::with_a_labels(filter.from);
  }
  return wanted;
}

// The job due now; nothing if it is due already, so that nothing has to be stored.
std::optional<queue::Job> due_now(const queue::Job& job, SystemTime now) {
  if (job.state != queue::JobState::Held && job.due <= now) return std::nullopt;
  queue::Job after = job;
  ++after.ref.revision;
  after.state = queue::JobState::Deferred;
  after.due = now;
  return after;
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

void emit_removed(const queue::Job& job, const queue::JobFilter& wanted, std::string_view by) {
  const std::string id = job.ref.id.text();
  for (const queue::Recipient& recipient : job.recipients) {
    if (!queue::recipient_matches(wanted, recipient)) continue;
    const std::string to = recipient.mailbox.text();
    log::emit(relay::events::Removed{.id = id, .to = to, .domain = job.lane.domain, .by = by});
  }
}

}  // namespace

std::string_view QueueControl::state_of(const queue::Job& job) const {
  if (services_.store.claims().is_active(job.ref)) return "active";
  return state_text(services_.store.state_now(job));
}

std::string QueueControl::obstacle(const queue::Job& job) const {
  if (job.state == queue::JobState::Held) return "";
  const auto why = services_.delivery.scheduler.obstacle(job.lane);
  return why ? why->reply.one_line() : "";
}

Result<QueueControl::Page> QueueControl::list(const QueueFilter& filter, const queue::Cursor& from,
                                              std::size_t limit) {
  const queue::JobFilter wanted = job_filter(filter);
  Page page;
  page.next = from;
  for (std::size_t pages = 0; pages < kMaxPages && page.entries.size() < limit; ++pages) {
    auto read = services_.store.jobs(wanted, page.next, limit - page.entries.size());
    if (!read) return Failure(std::move(read).error());
    for (queue::QueuedJob& found : read->jobs) {
      const std::string_view state = state_of(found.job);
      if (!filter.state.empty() && state != filter.state) continue;
      std::string waits_for = obstacle(found.job);
      std::ranges::stable_partition(found.job.recipients, [&](const queue::Recipient& each) {
        return queue::recipient_matches(wanted, each);
      });
      page.entries.push_back(
          {std::move(found.job), std::move(found.envelope), state, std::move(waits_for)});
    }
    page.next = std::move(read->next);
    if (!read->end) continue;
    page.next.clear();
    return page;
  }
  return page;
}

Result<std::vector<QueueEntry>> QueueControl::show(const queue::MessageId& id) {
  QueueFilter filter;
  filter.id = id;
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

Result<QueueControl::Changed> QueueControl::retry(const QueueFilter& filter, std::string_view by) {
  return apply(Action::Retry, filter, by);
}

Result<QueueControl::Changed> QueueControl::remove(const QueueFilter& filter, std::string_view by) {
  return apply(Action::Remove, filter, by);
}

Result<QueueControl::Changed> QueueControl::apply(Action action, const QueueFilter& filter,
                                                  std::string_view by) {
  Changed counts;
  queue::Cursor from;
  do {
    if (services_.draining.load()) {
      return fail(Errc::Unavailable, "the relay is stopping: not all of the queue was looked at");
    }
    auto page = list(filter, from, kPage);
    if (!page) return Failure(std::move(page).error());
    counts.matched += page->entries.size();
    if (auto changed = change(action, page->entries, job_filter(filter), by, counts); !changed) {
      return Failure(std::move(changed).error());
    }
    from = std::move(page->next);
  } while (!from.empty());
  return counts;
}

// All jobs but those with a receiver or being settled. Those waiting in a line are taken out of it.
std::vector<queue::Job> QueueControl::claim(const std::vector<QueueEntry>& entries,
                                            Changed& counts) {
  std::vector<queue::Job> claimed;
  std::vector<queue::Job> held;
  for (const QueueEntry& entry : entries) {
    auto stored = services_.store.claim(entry.job.ref);
    if (stored && *stored) {
      claimed.push_back(std::move(**stored));
    } else if (services_.store.claims().contains(entry.job.ref)) {
      held.push_back(entry.job);
    }  // else it is gone since the listing
  }
  const std::size_t others = held.size();
  std::vector<queue::Job> withdrawn = services_.delivery.withdraw(held);
  counts.busy += others - withdrawn.size();
  std::ranges::move(withdrawn, std::back_inserter(claimed));
  return claimed;
}

Result<void> QueueControl::change(Action action, const std::vector<QueueEntry>& entries,
                                  const queue::JobFilter& wanted, std::string_view by,
                                  Changed& counts) {
  queue::Change change;
  std::vector<queue::Job> afterwards;  // as the store will hold them
  const SystemTime now = schedule_now();
  const std::vector<queue::Job> claimed = claim(entries, counts);
  afterwards.reserve(claimed.size());
  for (const queue::Job& job : claimed) {
    if (action == Action::Remove) {
      if (auto left = without(job, wanted)) {
        afterwards.push_back(*left);
        change.replaced.push_back({job, std::move(*left)});
      } else {
        change.removed.push_back(job);
      }
    } else if (auto after = due_now(job, now)) {
      afterwards.push_back(*after);
      change.replaced.push_back({job, std::move(*after)});
    } else {
      afterwards.push_back(job);
    }
  }
  Result<void> result;
  if (!change.empty()) result = commit(std::move(change));
  for (const queue::Job& job : claimed) services_.store.claims().release(job.ref);
  // Delivery may have skipped them while we held their claims.
  services_.delivery.returned(result ? afterwards : claimed);
  if (!result) return result;
  counts.changed += claimed.size();
  for (const queue::Job& job : claimed) {
    const std::size_t meant = count_meant(job, wanted);
    counts.recipients += meant;
    counts.others += job.recipients.size() - meant;
    if (action == Action::Remove) {
      emit_removed(job, wanted, by);
      removed_.add(meant);
    } else {
      log::emit(
          relay::events::Retried{.id = job.ref.id.text(), .domain = job.lane.domain, .by = by});
    }
  }
  if (action == Action::Remove) return result;
  std::vector<queue::Lane> lanes;
  lanes.reserve(entries.size());
  for (const QueueEntry& entry : entries) lanes.push_back(entry.job.lane);
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
