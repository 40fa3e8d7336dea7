#include "delivery/disposition.h"

#include "base/check.h"
#include "delivery/receiver_limits.h"

#include <fmt/format.h>

#include <utility>

namespace signpost::delivery {

namespace {

// RFC 7504: this host, or this domain, never takes mail.
bool means_no_mail_here(const smtp::Reply& reply) { return reply.code == 521 || reply.code == 556; }

// The login is the operator's, and no recipient is to blame: the mail waits until it is right. The
// next hop is not asked time and again meanwhile: that would have the login locked.
HostFailure of_refused_login(const smtp::ClientDialog::Close& close) {
  const std::string why = close.reply.code == 0
                              ? close.detail
                              : "the next hop refused the login: " + close.reply.one_line();
  Disposition disposition = local(Outcome::Delayed, {4, 7, 8}, why);
  disposition.quotes_receiver = true;
  return {std::move(disposition), true};
}

providers::ReplyScope scope_of(smtp::Phase phase, bool alone) {
  using enum providers::ReplyScope;
  if (phase < smtp::Phase::Rcpt) return Sender;
  return phase == smtp::Phase::Rcpt || (phase == smtp::Phase::EndOfData && alone) ? Recipient
                                                                                  : Message;
}

}  // namespace

Disposition local(Outcome outcome, smtp::EnhancedStatus status, std::string text) {
  return {outcome, smtp::Reply{0, status, std::move(text)}};
}

Disposition of_recipient(const smtp::TransactionResult::Recipient& recipient,
                         std::string_view detail, bool alone) {
  const smtp::Reply& reply = recipient.reply;
  const auto replied = [&](Outcome outcome) {
    return Disposition{
        .outcome = outcome, .reply = reply, .scope = scope_of(recipient.phase, alone)};
  };
  if (reply.code == 0) {
    if (reply.status.present()) {  // decided by the dialog without asking the peer
      const Outcome outcome = reply.status.class_digit == 5 ? Outcome::Failed : Outcome::Delayed;
      return {outcome, reply};
    }
    return local(Outcome::Delayed, {4, 4, 2},
                 fmt::format("{} while {}", detail, smtp::phase_text(recipient.phase)));
  }
  // Only the reply to the end of data delivers; an accepted RCPT alone promises nothing.
  if (reply.positive() && recipient.phase == smtp::Phase::EndOfData) {
    return replied(Outcome::Delivered);
  }
  if (reply.permanent() && !means_too_many_recipients(reply, recipient.phase)) {
    return replied(Outcome::Failed);
  }
  // 4xx, and replies that do not fit the command: the peer is confused, and may recover.
  return replied(Outcome::Delayed);
}

HostFailure of_closed_session(const smtp::ClientDialog::Close& close) {
  using Reason = smtp::ClientDialog::Close::Reason;
  if (close.reason == Reason::AuthFailed) return of_refused_login(close);
  if (close.reply.code != 0) {
    // A 5xx greeting blames the host, not the recipient (a block list, a wrong configuration): the
    // next host may take the mail, and if none does, a later attempt may succeed. Only the codes
    // made for this are final.
    const bool final = means_no_mail_here(close.reply);
    return {{final ? Outcome::Failed : Outcome::Delayed, close.reply}, close.reply.code != 556};
  }
  switch (close.reason) {
    case Reason::TlsUnavailable:
      return {local(Outcome::Delayed, {4, 7, 5}, close.detail), true};
    case Reason::ProtocolFault:
      return {local(Outcome::Delayed, {4, 5, 0}, close.detail), true};
    case Reason::AuthFailed:
    case Reason::Quit:
    case Reason::Refused:
    case Reason::ServiceClosing:
    case Reason::Disconnected:
      break;
  }
  return {local(Outcome::Delayed, {4, 4, 2},
                fmt::format("{} while {}", close.detail, smtp::phase_text(close.phase))),
          true};
}

Disposition of_mx_answer(const dns::MxAnswer& answer, std::string_view domain) {
  using MxOutcome = dns::MxAnswer::Outcome;
  switch (answer.outcome) {
    case MxOutcome::NullMx:
      return local(Outcome::Failed, {5, 1, 10},
                   fmt::format("the domain {} does not accept mail (null MX)", domain));
    case MxOutcome::Unusable:
      return local(
          Outcome::Failed, {5, 4, 4},
          fmt::format("the MX records of {} name no mail server, but {}", domain, answer.detail));
    case MxOutcome::NxDomain:
      return local(Outcome::Failed, {5, 1, 2}, fmt::format("the domain {} does not exist", domain));
    case MxOutcome::Temporary:
      return local(
          Outcome::Delayed, {4, 4, 3},
          fmt::format("looking up the mail servers of {} failed: {}", domain, answer.detail));
    case MxOutcome::Hosts:
      break;
  }
  check_failed("an MX answer with hosts is not a failure", __FILE__, __LINE__);
}

}  // namespace signpost::delivery
