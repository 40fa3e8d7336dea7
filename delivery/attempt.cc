#include "delivery/attempt.h"

#include "base/ascii.h"
#include "base/check.h"
#include "delivery/outgoing_message.h"
#include "smtp/idna.h"

#include <algorithm>
#include <utility>

namespace signpost::delivery {

Attempt::Attempt(PendingJob pending)
    : pending_(std::move(pending)),
      reverse_path_(smtp::ascii_domain_form(pending_.message->envelope().reverse_path)),
      parts_(pending_.job.recipients.size()),
      left_(parts_.size()) {}

smtp::ClientTransaction Attempt::next_transaction(std::size_t size,
                                                  const ConnectionRecord& connection) {
  CHECK(left_ > 0);
  const queue::Envelope& envelope = message().envelope();
  const auto& recipients = job().recipients;
  const std::size_t count = std::min(left_, connection.most_recipients);
  under_way_.clear();
  mailboxes_.clear();
  mailboxes_.reserve(count);

  smtp::ClientTransaction transaction;
  transaction.reverse_path = reverse_path_;
  transaction.smtputf8 = envelope.smtputf8 || !ascii::is_ascii(reverse_path_);
  for (std::size_t i = 0; under_way_.size() < count; ++i) {
    if (parts_[i].decided) continue;
    under_way_.push_back(i);
    mailboxes_.push_back(smtp::ascii_domain_form(recipients[i].mailbox));
    transaction.smtputf8 |= !ascii::is_ascii(mailboxes_.back());
    transaction.recipients.push_back(
        {mailboxes_.back(), recipients[i].notify, recipients[i].original_recipient});
  }
  transaction.size = size;
  transaction.eight_bit = envelope.eight_bit;
  transaction.ret = envelope.ret;
  transaction.envelope_id = envelope.envelope_id;
  return transaction;
}

Attempt::Then Attempt::ended(const smtp::TransactionResult& result, std::string_view detail,
                             ConnectionRecord& connection) {
  CHECK(result.recipients.size() == under_way_.size());
  const TransactionLimits limits = limits_of(result, connection);
  bool delivered = false;
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    Part& part = parts_[under_way_[i]];
    Disposition& disposition = part.disposition.emplace(of_recipient(result.recipients[i], detail));
    delivered |= disposition.outcome == Outcome::Delivered;
    if (limits.leaves(i)) {
      disposition.outcome = Outcome::Delayed;
      continue;
    }
    part.decided = true;
    --left_;
    progress_ |= disposition.outcome != Outcome::Delayed;
  }
  ++connection.transactions;
  if (delivered) ++connection.delivered;
  if (limits.most_recipients) {
    connection.most_recipients = std::min(connection.most_recipients, *limits.most_recipients);
  }
  under_way_.clear();
  if (left_ == 0) return Then::Finish;
  return limits.connection ? Then::Reconnect : Then::GoOn;
}

std::vector<Disposition> Attempt::take_dispositions(const Disposition& rest) {
  std::vector<Disposition> all;
  all.reserve(parts_.size());
  for (Part& part : parts_) {
    all.push_back(part.disposition ? std::move(*part.disposition) : rest);
  }
  return all;
}

}  // namespace signpost::delivery
