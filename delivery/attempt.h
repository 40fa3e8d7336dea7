// One job on its way out: which of its recipients go into which transaction, and the outcome for
// each.
#pragma once

#include "base/clock.h"
#include "delivery/disposition.h"
#include "delivery/pending_job.h"
#include "delivery/receiver_limits.h"
#include "smtp/client_transaction.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Pure. A recipient is decided once, by a reply about it; a limit of a connection or a
// transaction decides nothing (see limits_of()).
class Attempt {
 public:
  enum class Then {
    Finish,     // nothing is left to send
    GoOn,       // the next transaction is for the remaining recipients
    Reconnect,  // this connection takes no more; the remaining ones go over another at once
    NextHost    // this host takes nothing now; they go to another one, if there is one
  };

  // REQUIRES: a message and at least one recipient.
  explicit Attempt(PendingJob pending);

  const queue::Job& job() const { return pending_.job; }
  const OutgoingMessage& message() const { return *pending_.message; }
  OutgoingMessage& message() { return *pending_.message; }

  // For recipients that are left, in their order. A peer without SMTPUTF8 accepts no transaction
  // that needs it: recipients that do go separately from those that do not. `size`: of the content
  // with its signature; `now`: by the system's clock, for what is left until a deadline. Valid
  // until the end of the attempt. REQUIRES: recipients are left
  smtp::ClientTransaction next_transaction(std::size_t size, SystemTime now,
                                           const ConnectionRecord& connection);
  // Whether that transaction is for all remaining recipients.
  bool is_last_transaction() const { return under_way_.size() == left_; }

  // Records the outcome of the transaction under way. `detail`: see of_recipient().
  Then ended(const smtp::TransactionResult& result, std::string_view detail,
             ConnectionRecord& connection);

  bool untouched() const { return left_ == parts_.size(); }  // no recipient is decided
  bool has_progress() const { return progress_; }            // some recipient is, for good
  // Whether the rest may go elsewhere without a verdict: no recipient is decided, or some
  // recipient is for good, so that fewer are left than before.
  bool may_go_elsewhere() const { return untouched() || progress_; }

  PendingJob take_job() { return std::move(pending_); }
  // Of a recipient of the last transaction. REQUIRES: one has ended
  Disposition last_disposition() const;
  // In the order of the job's recipients. Undecided ones get the reply that limited them, or
  // `rest` if no transaction of theirs was begun.
  std::vector<Disposition> take_dispositions(const Disposition& rest);

 private:
  struct Part {
    bool decided = false;
    std::optional<Disposition> disposition;  // not decided: what limited it
  };

  PendingJob pending_;
  std::vector<Part> parts_;  // one for each recipient of the job
  std::size_t left_;         // that are not decided
  bool progress_ = false;
  std::vector<std::size_t> under_way_;  // recipients of the transaction, as indexes of the job's
};

}  // namespace signpost::delivery
