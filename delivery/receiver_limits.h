// Which replies limit a connection or a transaction, and so are not a verdict on a recipient: too
// many messages in one session, too many recipients in one transaction, "not now" in the middle.
// The recipients affected are left undecided and go at once with another transaction or connection.
//
// This never loops, since there is always progress: a transaction is followed by
// another one on its connection only when it decided about somebody for good or when the next one
// has fewer recipients; a connection is followed by another one to the same host only when it has
// done something, or when the next transaction has fewer recipients; and the first job on a
// connection gets a verdict, or goes to the next host, of which there are not many.
#pragma once

#include "smtp/client_dialog.h"
#include "smtp/reply.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace signpost::delivery {

// What is known of one connection so far.
struct ConnectionRecord {
  static constexpr std::size_t kMostRecipients = 100;  // RFC 5321 section 4.5.3.1.8

  std::size_t transactions = 0;  // that have ended, with any outcome
  std::size_t delivered = 0;     // of them, those whose message was taken
  bool smtputf8 = true;          // its peer has announced it
  bool replies_to_each = false;  // at the end of the data, a recipient (LMTP)
  // Why it is in clear although its peer offers TLS; "": it is not, or there is no offer.
  std::string tls_failure{};
  // Per transaction: fewer when the receiver has said that it takes no more.
  std::size_t most_recipients = kMostRecipients;
};

struct TransactionLimits {
  std::vector<bool> left;                      // recipients to be left undecided; empty: none
  bool connection = false;                     // it takes no more mail
  bool host = false;                           // nor does any other to this host now
  std::optional<std::size_t> most_recipients;  // of the following transactions

  bool leaves(std::size_t recipient) const { return !left.empty() && left[recipient]; }
};

// `connection`: before this transaction.
TransactionLimits limits_of(const smtp::TransactionResult& result,
                            const ConnectionRecord& connection);

// Whether a host says that it takes no mail at present, whatever mail (421, 452 4.3.1), or says
// nothing any more.
bool means_not_now(const smtp::Reply& reply);

// Whether the reply demands the TLS that could not be started (RFC 3207 section 4.1).
bool wants_tls(const smtp::Reply& reply);

// Whether the reply is about their number (RFC 5321 section 4.5.3.1.10, RFC 3463 section 3.6), not
// about the recipient.
bool means_too_many_recipients(const smtp::Reply& reply, smtp::Phase phase);

}  // namespace signpost::delivery
