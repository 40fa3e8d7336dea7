// One job on its way out: which of its recipients go into which transaction, and what became of
// them.
#pragma once

#include "delivery/disposition.h"
#include "delivery/pending_job.h"
#include "delivery/receiver_limits.h"
#include "smtp/client_transaction.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace signpost::delivery {

// Pure. A recipient is decided once, by a reply that is about it; what limits a connection or a
// transaction decides nothing (see limits_of()).
class Attempt {
 public:
  enum class Then {
    Finish,    // there is nothing to send any more
    GoOn,      // the next transaction is for those who are left
    Reconnect  // this connection takes no more; those who are left go over another one at once
  };

  // REQUIRES: a message and at least one recipient.
  explicit Attempt(PendingJob pending);

  const queue::Job& job() const { return pending_.job; }
  const OutgoingMessage& message() const { return *pending_.message; }
  OutgoingMessage& message() { return *pending_.message; }

  // For recipients that are left, in their order. A peer without SMTPUTF8 takes no transaction that
  // needs it: recipients that do go apart from those that do not. `size`: of the content with its
  // signature. Valid until the end of the attempt. REQUIRES: recipients are left
  smtp::ClientTransaction next_transaction(std::size_t size, const ConnectionRecord& connection);
  // Whether that transaction is for all who are left.
  bool is_last_transaction() const { return under_way_.size() == left_; }

  // Takes in what became of the transaction under way. `detail`: see of_recipient().
  Then ended(const smtp::TransactionResult& result, std::string_view detail,
             ConnectionRecord& connection);

  bool untouched() const { return left_ == parts_.size(); }  // nobody is decided
  bool has_progress() const { return progress_; }            // somebody is, for good
  // Whether those who are left may go elsewhere without a verdict: nobody is decided, or somebody
  // is for good, so that less is left than before.
  bool may_go_elsewhere() const { return untouched() || progress_; }

  PendingJob take_job() { return std::move(pending_); }
  // In the order of the job's recipients. Those who are left get the reply that limited them, or
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
