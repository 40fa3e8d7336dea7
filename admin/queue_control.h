// What operators do with the queue: list, show, retry, remove.
#pragma once

#include "admin/services.h"
#include "base/result.h"
#include "metrics/instruments.h"
#include "queue/envelope.h"
#include "queue/store.h"
#include "relay/metric_descriptions.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::admin {

// Which jobs are selected; empty members do not restrict.
struct QueueFilter {
  std::optional<queue::MessageId> id;
  std::string to;     // recipient domain, or a recipient's address
  std::string from;   // reverse-path; "<>" is the null one
  std::string user;   // login
  std::string state;  // "ready", "active", "deferred", "held"

  bool empty() const { return !id && to.empty() && from.empty() && user.empty() && state.empty(); }
};

struct QueueEntry {
  queue::Job job;  // the selected recipients come first
  queue::Envelope envelope;
  std::string_view state;  // of Store::state_now(); "active" while it is with a session
  std::string waits_for;   // what its receiver waits for now; "" if nothing
};

// Blocks on the store: for the threads of the admin side's pool, never for a worker's.
class QueueControl {
 public:
  explicit QueueControl(const Services& services)
      : services_(services), removed_(services.registry, relay::metric::kRecipientsRemoved) {}

  struct Page {
    std::vector<QueueEntry> entries;
    queue::Cursor next;  // empty: nothing follows
  };
  // At most `limit` entries from `from` on. Examines a bounded number of rows: a page may be empty
  // although more follow.
  Result<Page> list(const QueueFilter& filter, const queue::Cursor& from, std::size_t limit);
  Result<std::vector<QueueEntry>> show(const queue::MessageId& id);

  struct Changed {
    std::size_t matched = 0;
    std::size_t changed = 0;
    std::size_t busy = 0;  // being delivered at the moment: left alone
    // Of the jobs that were changed: the recipients that the filter selects, and the others.
    std::size_t recipients = 0;
    std::size_t others = 0;
  };
  // Makes the jobs due now, and has their receivers tried, whatever their back-off. `by` is who
  // asked, for the log. Both end with an error, in the middle of a long queue, when the relay
  // stops.
  Result<Changed> retry(const QueueFilter& filter, std::string_view by);
  // Without a notification. Of a job that an address selects, the other recipients stay, with their
  // schedule; retry includes them, since a job is one transaction.
  Result<Changed> remove(const QueueFilter& filter, std::string_view by);

 private:
  enum class Action { Retry, Remove };
  Result<Changed> apply(Action action, const QueueFilter& filter, std::string_view by);
  std::vector<queue::Job> claim(const std::vector<QueueEntry>& entries, Changed& counts);
  Result<void> change(Action action, const std::vector<QueueEntry>& entries,
                      const queue::JobFilter& wanted, std::string_view by, Changed& counts);
  Result<void> commit(queue::Change change);
  std::string_view state_of(const queue::Job& job) const;
  std::string obstacle(const queue::Job& job) const;

  const Services services_;
  metrics::SharedCounter removed_;  // recipients
};

}  // namespace signpost::admin
