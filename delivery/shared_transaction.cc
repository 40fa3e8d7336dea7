#include "delivery/shared_transaction.h"

#include <algorithm>
#include <cstddef>

namespace signpost::delivery {

std::span<const queue::Recipient> shared_transaction(const queue::Envelope& envelope,
                                                     std::span<const queue::Recipient> rest,
                                                     bool peer_has_smtputf8) {
  if (peer_has_smtputf8 || rest.empty()) return rest;
  const bool needed = queue::needs_smtputf8(envelope, rest.front());
  const auto other = std::ranges::find_if(rest, [&](const queue::Recipient& recipient) {
    return queue::needs_smtputf8(envelope, recipient) != needed;
  });
  return rest.first(static_cast<std::size_t>(other - rest.begin()));
}

}  // namespace signpost::delivery
