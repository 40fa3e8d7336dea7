// What an attempt means for a recipient. All such policy is here: which replies and failures are
// final, which are worth another try, and which blame the host rather than the message.
#pragma once

#include "dns/mx.h"
#include "providers/reply_class.h"
#include "smtp/client_dialog.h"
#include "smtp/reply.h"

#include <string>
#include <string_view>

namespace signpost::delivery {

enum class Outcome { Delivered, Delayed, Failed };

struct Disposition {
  Outcome outcome = Outcome::Delayed;
  // What the next hop said; with code 0, our own words and enhanced status.
  smtp::Reply reply;

  bool quotes_receiver = false;  // our own words, with those of the next hop in them
  // Of what the next hop said: unless it was asked about the recipient, it did not speak of it.
  providers::ReplyScope scope = providers::ReplyScope::Sender;

  bool said_by_receiver() const { return reply.code != 0 || quotes_receiver; }
};

// From the reply that decided about one recipient of a transaction. `detail` says what happened
// when there was none (code 0): "connection lost", "timed out". `alone`: what is said at the end of
// the data is about that recipient only.
Disposition of_recipient(const smtp::TransactionResult::Recipient& recipient,
                         std::string_view detail, bool alone);

// A session that ended before its first transaction. `try_next_host`: another host of the same next
// hop may do better in the same attempt (RFC 5321 section 5.1).
struct HostFailure {
  Disposition disposition;
  bool try_next_host = true;
};
HostFailure of_closed_session(const smtp::ClientDialog::Close& close);

// An MX lookup that gave no host to try. REQUIRES: answer.outcome != Hosts
Disposition of_mx_answer(const dns::MxAnswer& answer, std::string_view domain);

// Our own words.
Disposition local(Outcome outcome, smtp::EnhancedStatus status, std::string text);

}  // namespace signpost::delivery
