#include "delivery/receiver_limits.h"

#include <algorithm>
#include <ranges>

namespace signpost::delivery {

namespace {

using smtp::Phase;
using smtp::Reply;
using Recipient = smtp::TransactionResult::Recipient;

bool refuses(const Reply& reply) { return reply.transient() || reply.permanent(); }

// By its status, or by a code with a single meaning: the same on every connection.
bool is_about_this_mail(const Reply& reply) {
  if (!reply.status.present()) {
    return reply.code == 501 || reply.code == 552 || reply.code == 553 || reply.code == 555;
  }
  switch (reply.status.subject) {
    case 1:  // addresses
    case 2:  // mailboxes
    case 6:  // content
      return true;
    case 3:
    case 5:
      return reply.status.detail == 4;  // too large, invalid arguments
    default:
      return false;
  }
}

// From a connection that has delivered, or for now one that has refused: it does not want the next
// message.
bool wants_no_more(const Recipient& recipient, const ConnectionRecord& connection) {
  const Reply& reply = recipient.reply;
  if (is_about_this_mail(reply)) return false;
  const bool has_delivered = connection.delivered > 0;
  if (recipient.phase == Phase::Mail) {
    return reply.transient() ? connection.transactions > 0 : has_delivered && refuses(reply);
  }
  return recipient.phase == Phase::DataCommand && has_delivered && reply.transient();
}

// Delivered, or refused for good.
bool is_decided(const Recipient& recipient, const ConnectionRecord& connection) {
  const Reply& reply = recipient.reply;
  if (reply.positive()) return recipient.phase == Phase::EndOfData;
  return reply.permanent() && !means_too_many_recipients(reply, recipient.phase) &&
         !wants_no_more(recipient, connection);
}

// A server may close a connection just as it is used again (RFC 5321 section 3.8), or where it
// would refuse. If the message is the cause, it is so on a fresh connection, too.
bool was_lost_before_content(const Recipient& recipient) {
  return recipient.phase <= Phase::DataCommand && recipient.reply.code == 0 &&
         !recipient.reply.status.present();
}

// The recipient's reply says that this connection, which has worked, takes no more.
bool ends_connection(const Recipient& recipient, const ConnectionRecord& connection,
                     bool decided_somebody) {
  if (recipient.reply.code == 421) return connection.transactions > 0 || decided_somebody;
  if (was_lost_before_content(recipient)) return connection.transactions > 0;
  return wants_no_more(recipient, connection);
}

// The content was not sent, so that no more than this attempt is lost.
bool is_turned_away(const Recipient& recipient) {
  return recipient.phase <= Phase::DataCommand && means_not_now(recipient.reply);
}

bool is_refused_for_now_at_rcpt(const Recipient& recipient) {
  return recipient.phase == Phase::Rcpt && recipient.reply.transient() &&
         !is_about_this_mail(recipient.reply);
}

}  // namespace

bool means_not_now(const Reply& reply) {
  if (reply.code == 0) return !reply.status.present();
  return reply.code == 421 ||
         (reply.code == 452 && reply.status.subject == 3 && reply.status.detail == 1);
}

bool wants_tls(const Reply& reply) {
  if (reply.code == 530 || reply.code == 538) return true;
  return reply.permanent() && reply.status.subject == 7 &&
         (reply.status.detail == 10 || reply.status.detail == 11);
}

bool means_too_many_recipients(const Reply& reply, Phase phase) {
  if (phase != Phase::Rcpt && phase != Phase::DataCommand && phase != Phase::EndOfData) {
    return false;
  }
  if (!refuses(reply)) return false;
  if (reply.status.present()) return reply.status.subject == 5 && reply.status.detail == 3;
  // Old servers answer one recipient too many with 552, meaning 452.
  return phase == Phase::Rcpt && (reply.code == 452 || reply.code == 552);
}

TransactionLimits limits_of(const smtp::TransactionResult& result,
                            const ConnectionRecord& connection) {
  const std::vector<Recipient>& all = result.recipients;
  TransactionLimits limits;
  const auto decided = [&](const Recipient& each) { return is_decided(each, connection); };
  if (std::ranges::all_of(all, decided)) return limits;

  const bool decided_somebody = std::ranges::any_of(all, decided);
  const auto accepted = static_cast<std::size_t>(
      std::ranges::count_if(all, [](const Recipient& each) { return each.phase > Phase::Rcpt; }));
  // It has ended at one recipient, and taken those before: so many it may take again.
  const auto is_cut_at_rcpt = [](const Recipient& each) {
    return each.phase == Phase::Rcpt && is_turned_away(each) && each.reply.code != 452;
  };
  if (accepted > 0 && !decided_somebody && std::ranges::any_of(all, is_cut_at_rcpt)) {
    limits.connection = true;
    limits.most_recipients = accepted;
    limits.left.assign(all.size(), true);
    return limits;
  }
  if (connection.transactions == 0 && std::ranges::all_of(all, is_turned_away)) {
    limits.connection = limits.host = true;
    limits.left.assign(all.size(), true);
    return limits;
  }
  const auto too_many = [](const Recipient& each) {
    return means_too_many_recipients(each.reply, each.phase);
  };
  const auto too_many_at_rcpt = [&](const Recipient& each) {
    return each.phase == Phase::Rcpt && too_many(each);
  };
  const bool some_too_many = std::ranges::any_of(all, too_many_at_rcpt);
  const auto ends = [&](const Recipient& each) {
    return ends_connection(each, connection, decided_somebody);
  };
  // Only when it accepts no recipient: otherwise it is about that recipient.
  const bool takes_nobody =
      connection.delivered > 0 && std::ranges::all_of(all, is_refused_for_now_at_rcpt);
  limits.connection = takes_nobody || std::ranges::any_of(all, ends);

  // With fewer recipients the message itself may pass. A 503 to DATA means that the transaction had
  // too many, if an earlier reply said so about some of them.
  const auto splits = [&](const Recipient& each) {
    if (each.phase <= Phase::Rcpt) return false;
    return (too_many(each) && accepted > 1) || (each.reply.code == 503 && some_too_many);
  };
  const auto split = std::ranges::find_if(all, splits);
  if (split != all.end()) {
    limits.most_recipients = some_too_many ? accepted : accepted / 2;
  } else if (some_too_many && accepted > 0) {
    limits.most_recipients = accepted;
  }
  const bool goes_on = decided_somebody || limits.connection || split != all.end();
  limits.left.reserve(all.size());
  for (const Recipient& each : all) {
    limits.left.push_back(ends(each) || takes_nobody || splits(each) ||
                          (goes_on && too_many_at_rcpt(each)));
  }
  return limits;
}

}  // namespace signpost::delivery
