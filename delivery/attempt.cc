#include "delivery/attempt.h"

#include "base/check.h"
#include "delivery/outgoing_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace signpost::delivery {

namespace {

// What stood in the way may pass: the host's demand is no verdict on the mail.
Disposition without_tls(const smtp::Reply& demand, const std::string& tls_failure) {
  return local(Outcome::Delayed, {4, 7, 5},
               fmt::format("TLS could not be started ({}), and without it the receiver answers: {}",
                           tls_failure, demand.one_line()));
}

}  // namespace

Attempt::Attempt(PendingJob pending)
    : pending_(std::move(pending)), parts_(pending_.job.recipients.size()), left_(parts_.size()) {}

smtp::ClientTransaction Attempt::next_transaction(std::size_t size, SystemTime now,
                                                  const ConnectionRecord& connection) {
  CHECK(left_ > 0);
  const queue::Envelope& envelope = message().envelope();
  const auto& recipients = job().recipients;
  under_way_.clear();

  smtp::ClientTransaction transaction;
  transaction.reverse_path = smtp::text_of(envelope.reverse_path);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (under_way_.size() == connection.most_recipients) break;
    if (parts_[i].decided) continue;
    const bool smtputf8 = queue::needs_smtputf8(envelope, recipients[i]);
    const bool apart = !connection.smtputf8 && smtputf8 != transaction.smtputf8;
    if (apart && !under_way_.empty()) continue;
    under_way_.push_back(i);
    transaction.smtputf8 |= smtputf8;
    transaction.recipients.push_back(
        {recipients[i].mailbox.text(), recipients[i].notify, recipients[i].original_recipient});
  }
  transaction.size = size;
  transaction.eight_bit = envelope.eight_bit;
  transaction.ret = envelope.ret;
  transaction.envelope_id = envelope.envelope_id;
  transaction.priority = envelope.priority;
  if (const auto& deadline = envelope.deadline) {
    transaction.deliver_by = {std::chrono::floor<std::chrono::seconds>(deadline->time - now),
                              deadline->mode, deadline->trace};
  }
  return transaction;
}

Attempt::Then Attempt::ended(const smtp::TransactionResult& result, std::string_view detail,
                             ConnectionRecord& connection) {
  CHECK(result.recipients.size() == under_way_.size());
  const TransactionLimits limits = limits_of(result, connection);
  const auto accepted = std::ranges::count_if(
      result.recipients, [](const auto& each) { return each.phase > smtp::Phase::Rcpt; });
  const bool alone = connection.replies_to_each || accepted == 1;
  bool delivered = false;
  for (std::size_t i = 0; i < under_way_.size(); ++i) {
    Part& part = parts_[under_way_[i]];
    Disposition& disposition =
        part.disposition.emplace(of_recipient(result.recipients[i], detail, alone));
    delivered |= disposition.outcome == Outcome::Delivered;
    if (!connection.tls_failure.empty() && wants_tls(disposition.reply)) {
      disposition = without_tls(disposition.reply, connection.tls_failure);
    }
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
  if (limits.host) return Then::NextHost;
  return limits.connection ? Then::Reconnect : Then::GoOn;
}

Disposition Attempt::last_disposition() const {
  const auto has_one = [](const Part& part) { return part.disposition.has_value(); };
  const auto found = std::ranges::find_if(parts_, has_one);
  CHECK(found != parts_.end());
  return *found->disposition;
}

std::vector<Disposition> Attempt::take_dispositions(const Disposition& rest) {
  std::vector<Disposition> all;
  all.reserve(parts_.size());
  for (Part& part : parts_) {
    if (part.disposition) {
      all.push_back(std::move(*part.disposition));
    } else {
      all.push_back(rest);
    }
  }
  return all;
}

}  // namespace signpost::delivery
