#include "relay/queue_control.h"

#include "base/ascii.h"
#include "base/log.h"
#include "relay/dispatch.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <mutex>
#include <utility>

namespace signpost::relay {

namespace {

constexpr std::size_t kPage = 256;             // rows changed at a time
constexpr std::size_t kScan = 4096;            // rows read at a time
constexpr std::size_t kMaxRowsAList = 50'000;  // rows looked at for one listing

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

bool is_to(const queue::Job& job, std::string_view to) {
  if (!to.contains('@')) return ascii::equals_ignore_case(job.domain, to);
  return std::ranges::any_of(job.recipients, [&](const queue::Recipient& recipient) {
    return ascii::equals_ignore_case(recipient.mailbox, to);
  });
}

bool is_from(const queue::Envelope& envelope, std::string_view from) {
  if (from == "<>") return envelope.reverse_path.empty();
  return ascii::equals_ignore_case(envelope.reverse_path, from);
}

// What the stored form of each job that matches has in it: domains are stored in lower case.
std::string certain_part(const QueueFilter& filter) {
  return ascii::lower(std::string_view(filter.to).substr(filter.to.rfind('@') + 1));
}

queue::Job due_now(const queue::Job& job) {
  queue::Job after = job;
  ++after.ref.revision;
  after.state = queue::JobState::Deferred;
  after.due = schedule_now();
  return after;
}

}  // namespace

std::optional<QueueEntry> QueueControl::entry(const queue::Job& job, const QueueFilter& filter) {
  if (filter.id && job.ref.id != *filter.id) return std::nullopt;
  if (!filter.to.empty() && !is_to(job, filter.to)) return std::nullopt;
  QueueEntry entry;
  entry.state = relay_.active.contains(job.ref) ? "active" : state_text(job.state);
  if (!filter.state.empty() && entry.state != filter.state) return std::nullopt;
  auto envelope = relay_.store->envelope(job.ref.id);
  if (!envelope) return std::nullopt;  // delivered meanwhile
  if (!filter.from.empty() && !is_from(*envelope, filter.from)) return std::nullopt;
  if (!filter.user.empty() && envelope->login != filter.user) return std::nullopt;
  entry.job = job;
  entry.envelope = std::move(*envelope);
  return entry;
}

Result<QueueControl::Page> QueueControl::list(const QueueFilter& filter,
                                              const queue::Position& from, std::size_t limit) {
  Page page;
  if (filter.id) {
    auto jobs = relay_.store->jobs_of(*filter.id);
    if (!jobs) return Failure(std::move(jobs).error());
    for (const queue::Job& job : *jobs) {
      if (auto found = entry(job, filter)) page.entries.push_back(std::move(*found));
    }
    return page;
  }
  queue::Position position = from;
  // Mostly few of the rows match, so many are read at once. When that finds more than there is room
  // for, no more rows are read than there is room.
  std::size_t step = filter.empty() ? limit : kScan;
  for (std::size_t rows = 0; rows < kMaxRowsAList && page.entries.size() < limit;) {
    const std::size_t room = limit - page.entries.size();
    auto read = relay_.store->jobs(position, std::min(step, kScan), certain_part(filter));
    if (!read) return Failure(std::move(read).error());
    std::vector<QueueEntry> found;
    for (const queue::Job& job : read->jobs) {
      if (auto one = entry(job, filter)) found.push_back(std::move(*one));
    }
    if (found.size() > room) {
      step = room;
      continue;
    }
    std::ranges::move(found, std::back_inserter(page.entries));
    if (filter.empty()) step = room - found.size();
    if (read->end) return page;
    rows += std::min(step, kScan);
    position = std::move(read->next);
  }
  page.next = std::move(position);
  return page;
}

Result<std::vector<QueueEntry>> QueueControl::show(const queue::MessageId& id) {
  QueueFilter filter;
  filter.id = id;
  auto page = list(filter, {}, 0);
  if (!page) return Failure(std::move(page).error());
  if (page->entries.empty()) return fail(Errc::NotFound, "no message " + id.text() + " is queued");
  return std::move(page->entries);
}

Result<QueueControl::Changed> QueueControl::retry(const QueueFilter& filter) {
  relay_.destinations.forgive_all();
  return apply(Action::Retry, filter);
}

Result<QueueControl::Changed> QueueControl::remove(const QueueFilter& filter) {
  return apply(Action::Remove, filter);
}

Result<QueueControl::Changed> QueueControl::apply(Action action, const QueueFilter& filter) {
  Changed counts;
  queue::Position position;
  do {
    auto page = list(filter, position, kPage);
    if (!page) return Failure(std::move(page).error());
    counts.matched += page->entries.size();
    if (auto changed = change(action, page->entries, counts); !changed) {
      return Failure(std::move(changed).error());
    }
    position = std::move(page->next);
  } while (!position.empty());
  return counts;
}

Result<void> QueueControl::change(Action action, const std::vector<QueueEntry>& entries,
                                  Changed& counts) {
  queue::Change change;
  std::vector<queue::Job> claimed;     // as the store holds them
  std::vector<queue::Job> afterwards;  // as it will hold them
  {
    const std::lock_guard lock(relay_.claiming);
    for (const QueueEntry& entry : entries) {
      if (!relay_.active.claim(entry.job.ref)) {
        ++counts.busy;
        continue;
      }
      // Read before the claim: its last holder may have replaced or removed it in between.
      auto stored = stored_version(*relay_.store, entry.job.ref);
      if (!stored) {
        relay_.active.release(entry.job.ref);
        continue;
      }
      if (action == Action::Remove) {
        change.removed.push_back(*stored);
      } else {
        afterwards.push_back(due_now(*stored));
        change.replaced.push_back({*stored, afterwards.back()});
      }
      claimed.push_back(std::move(*stored));
    }
  }
  Result<void> result;
  if (!change.empty()) result = commit(std::move(change));
  for (const queue::Job& job : claimed) relay_.active.release(job.ref);
  // What was offered by the scheduler while we held its claim has to be offered again.
  for (const queue::Job& job : result ? afterwards : claimed) relay_.scheduler->committed(job);
  if (!result) return result;
  counts.changed += claimed.size();
  for (const queue::Job& job : claimed) {
    log::info(action == Action::Remove ? "removed" : "retried",
              {{"id", job.ref.id.text()}, {"domain", job.domain}, {"by", "operator"}});
  }
  return result;
}

Result<void> QueueControl::commit(queue::Change change) {
  std::promise<Result<void>> stored;
  relay_.committer->commit(std::move(change),
                           [&stored](Result<void> result) { stored.set_value(std::move(result)); });
  return stored.get_future().get();
}

}  // namespace signpost::relay
