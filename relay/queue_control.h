// What operators do with the queue: list, show, try again, remove.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"
#include "relay/relay.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace signpost::relay {

// Which jobs are meant; empty members do not restrict.
struct QueueFilter {
  std::optional<queue::MessageId> id;
  std::string to;     // recipient domain, or a recipient's address
  std::string from;   // reverse-path; "<>" is the null one
  std::string user;   // login
  std::string state;  // "ready", "active", "deferred", "held"

  bool empty() const { return !id && to.empty() && from.empty() && user.empty() && state.empty(); }
};

struct QueueEntry {
  queue::Job job;
  queue::Envelope envelope;
  std::string state;  // the job's; "active" while it is in memory
};

// Blocks on the store: for the admin listener's threads, never for a worker's.
class QueueControl {
 public:
  explicit QueueControl(Relay& relay) : relay_(relay) {}

  struct Page {
    std::vector<QueueEntry> entries;
    queue::Position next;  // empty: nothing follows
  };
  // At most `limit` entries from `from` on. Looks at a bounded number of rows: a page may be empty
  // although more follow.
  Result<Page> list(const QueueFilter& filter, const queue::Position& from, std::size_t limit);
  Result<std::vector<QueueEntry>> show(const queue::MessageId& id);

  struct Changed {
    std::size_t matched = 0;
    std::size_t changed = 0;
    std::size_t busy = 0;  // in memory: on their way already, not touched
  };
  Result<Changed> retry(const QueueFilter& filter);   // deferred jobs are due now
  Result<Changed> remove(const QueueFilter& filter);  // gone, without a notification

 private:
  enum class Action { Retry, Remove };
  Result<Changed> apply(Action action, const QueueFilter& filter);
  Result<void> change(Action action, const std::vector<QueueEntry>& entries, Changed& counts);
  Result<void> commit(queue::Change change);
  std::optional<QueueEntry> entry(const queue::Job& job, const QueueFilter& filter);

  Relay& relay_;
};

}  // namespace signpost::relay
