// What operators do with the queue: list, show, sum up, retry, hold, release, remove, bounce,
// redirect.
#pragma once

#include "admin/queue_request.h"
#include "admin/queue_summary.h"
#include "admin/services.h"
#include "admin/site_filter.h"
#include "base/clock.h"
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

struct QueueEntry {
  queue::Job job;  // the selected recipients come first
  queue::Envelope envelope;
  std::string_view state;  // of Store::state_now(), "active" while it is with a session, or
                           // "scheduled" while it is held for its sender
  std::string waits_for;   // what its receiver waits for now; "" if nothing
  std::optional<SystemTime> expires;  // when it is given up at the latest; nothing while it is held
};

// Blocks on the store, and on the DNS when mail is selected by its site (see SiteNames): for the
// threads of the admin side's pool, never for a worker's. Each call reads for about a second at
// most and in bounded memory, however long the queue is, and says where it ended: the caller
// continues from there.
class QueueControl {
 public:
  explicit QueueControl(const Services& services)
      : services_(services), removed_(services.registry, relay::metric::kRecipientsRemoved) {}

  struct Page {
    std::vector<QueueEntry> entries;
    queue::Cursor next;  // empty: nothing follows
  };
  // At most `limit` entries from `from` on. A page may be empty although more follow.
  Result<Page> list(const QueueFilter& filter, const queue::Cursor& from, std::size_t limit);
  Result<std::vector<QueueEntry>> show(const queue::MessageId& id);
  Result<QueueSummary> sum_up(const QueueFilter& filter, const queue::Cursor& from);

  enum class Action {
    Retry,     // due now, and their receivers are tried whatever their back-off; not what is held
               // or scheduled
    Hold,      // not tried until released, neither expired nor reported on
    Release,   // what is held or scheduled is due now; what was both is scheduled again
    Remove,    // without a notification
    Bounce,    // fail, whatever their state, and are reported to their sender
    Redirect,  // go to another next hop, or the usual way again, and are due now unless they are
               // held or scheduled
  };
  struct Wish {
    Action action = Action::Retry;
    std::string reason{};  // of Bounce, for the sender; "": the usual words
    std::string via{};     // of Redirect: a [[route]]; "": the usual way again
  };
  struct Changed {
    std::size_t matched = 0;
    std::size_t changed = 0;
    std::size_t busy = 0;  // being delivered at the moment: left alone
    std::size_t held = 0;  // or scheduled: left alone by Retry
    // Of the jobs that were changed: the recipients that the filter selects, and the others.
    std::size_t recipients = 0;
    std::size_t others = 0;
    queue::Cursor next;  // empty: nothing follows
  };
  // `by` is who asked, for the log. Of a job that an address selects, Remove and Bounce leave the
  // other recipients, with their schedule; the rest takes them along, since a job is one
  // transaction. InvalidArgument: there is no such route.
  Result<Changed> apply(const Wish& wish, const QueueFilter& filter, const queue::Cursor& from,
                        std::string_view by);

 private:
  struct Found {
    std::vector<queue::QueuedJob> jobs;
    queue::Cursor next;
  };
  Result<Found> find(const QueueFilter& filter, SiteFilter& sites, const queue::Cursor& from,
                     std::size_t limit, SteadyTime until) const;
  std::vector<queue::Job> claim(const std::vector<queue::QueuedJob>& found, Changed& counts);
  Result<void> change(const Wish& wish, const std::vector<queue::QueuedJob>& found,
                      const queue::JobFilter& wanted, std::string_view by, Changed& counts);
  Result<void> bounce(const Wish& wish, const std::vector<queue::QueuedJob>& found,
                      const queue::JobFilter& wanted, std::string_view by, Changed& counts);
  bool selects(const QueueFilter& filter, const queue::QueuedJob& queued,
               const relay::Settings& settings) const;
  Result<void> commit(queue::Change change);
  std::string_view state_of(const queue::QueuedJob& queued) const;
  std::optional<smtp::Reply> obstacle(const queue::Job& job) const;
  void find_pauses(std::vector<QueueEntry>& entries) const;

  const Services services_;
  metrics::SharedCounter removed_;  // recipients
};

}  // namespace signpost::admin
