// Which recipients of a job share a transaction.
#pragma once

#include "queue/envelope.h"

#include <span>

namespace signpost::delivery {

// As many from the front of `rest` as one transaction with a peer can serve. A peer without
// SMTPUTF8 takes no transaction that needs it: a recipient that does is kept apart from those that
// do not.
std::span<const queue::Recipient> shared_transaction(const queue::Envelope& envelope,
                                                     std::span<const queue::Recipient> rest,
                                                     bool peer_has_smtputf8);

}  // namespace signpost::delivery
